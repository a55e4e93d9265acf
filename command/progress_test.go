package command_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// slow is a ticket store whose sweep takes its time.
type slow struct {
	core.TicketStore
	took time.Duration
}

func (s slow) Sweep(context.Context) (int, error) {
	time.Sleep(s.took)
	return 3, nil
}

func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		s.tickets = slow{s.tickets, 3500 * time.Millisecond}
		r := s.run("sweep").want(0, "3 rows were deleted")
		if got := strings.TrimSpace(r.err); got != "sweeping, 1 s\nsweeping, 2 s\nsweeping, 3 s" {
			t.Errorf("got %q, want a line a second", got)
		}
		if strings.Contains(r.out, "sweeping") {
			t.Error("the progress is among the results")
		}
		if r := s.run("sweep", "--json").want(0); r.err != "" {
			t.Errorf("with --json: %q", r.err)
		}
		s.tickets = slow{s.tickets, 900 * time.Millisecond}
		if r := s.run("sweep").want(0); r.err != "" {
			t.Errorf("what is soon over says %q", r.err)
		}
	})
}
