package governor_test

import (
	"context"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/governor"
)

func ExampleGovernor_Do() {
	g := governor.New(2, 100) // two at once, a hundred waiting
	err := g.Do(context.Background(), core.Asker{}, func() { fmt.Println("hashing") })
	fmt.Println(err)
	// Output:
	// hashing
	// <nil>
}
