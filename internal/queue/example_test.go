package queue_test

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/internal/queue"
)

func ExampleQueue() {
	q := queue.New(queue.Options{})
	q.Add("reset mail", func(context.Context) error {
		fmt.Println("sent")
		return nil
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println("all done:", q.Close(ctx) == nil)
	// Output:
	// sent
	// all done: true
}
