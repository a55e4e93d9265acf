package latchkey

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/internal/queue"
)

// jobs implements core.Jobs.
type jobs struct {
	queue *queue.Queue
	delay time.Duration
}

func (j jobs) Enqueue(name string, do func(context.Context) error) { j.queue.Add(name, do) }

func (j jobs) EnqueueMail(name string, do func(context.Context) error) {
	j.queue.AddWithin(j.delay, mailWindow*j.delay, name, do)
}

// after runs do once, after a pause, or when Wait or Close is called. It
// reports false, and does not run it, if the queue is full or closed.
func (j jobs) after(pause time.Duration, name string, do func(context.Context) error) bool {
	return j.queue.AddWithin(pause, pause, name, do)
}
