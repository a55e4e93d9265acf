package policy_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/policy"
)

func ExampleDefault() {
	user := &core.User{Email: "ada@example.com"}
	for _, password := range []string{"1843", "football", "ada@example.com", "on computable numbers"} {
		err := policy.Default(context.Background(), password, user)
		var refusal *core.Error
		if errors.As(err, &refusal) {
			fmt.Println(refusal.ReasonCode, refusal.Args)
			continue
		}
		fmt.Println("accepted")
	}
	// Output:
	// PASSWORD_TOO_SHORT map[min:8]
	// PASSWORD_TOO_COMMON map[]
	// PASSWORD_IS_EMAIL map[]
	// accepted
}
