package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// TestTicketsBeyondTheKit checks what the kit does not.
func TestTicketsBeyondTheKit(t *testing.T) {
	addr, ctx, now := server.Redis(t), t.Context(), time.Now()
	client := raw(t, addr)
	tickets := open(t, addr, redisstore.Options{Now: func() time.Time { return now }}).Tickets()
	used, unknown := core.Digest("used"), core.Digest("unknown")
	put := func(d [32]byte, replace bool) error {
		return tickets.Put(ctx, core.Ticket{Digest: d, Purpose: "exchange", UserID: "ada", Expires: now.Add(time.Minute)},
			replace)
	}
	t.Run("a used ticket stays when others are replaced", func(t *testing.T) {
		_, err := tickets.Consume(ctx, "exchange", used)
		if !errors.Is(err, core.ErrNotFound) {
			t.Fatal(err)
		}
		if err := put(used, false); err != nil {
			t.Fatal(err)
		}
		if _, err := tickets.Consume(ctx, "exchange", used); err != nil {
			t.Fatal(err)
		}
		if err := put(core.Digest("new"), true); err != nil {
			t.Fatal(err)
		}
		if _, err := tickets.Consume(ctx, "exchange", used); !errors.Is(err, core.ErrUsed) {
			t.Errorf("got %v, want ErrUsed", err)
		}
	})
	t.Run("an unknown ticket leaves nothing behind", func(t *testing.T) {
		before := len(keys(t, client, "*"))
		_, errFind := tickets.Find(ctx, "exchange", unknown)
		_, errConsume := tickets.Consume(ctx, "exchange", unknown)
		for _, err := range []error{errFind, errConsume, tickets.Fail(ctx, "exchange", unknown, 3)} {
			if !errors.Is(err, core.ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
		}
		if after := len(keys(t, client, "*")); after != before {
			t.Errorf("%d keys, %d before", after, before)
		}
	})
	t.Run("what has expired may be put and burned anew", func(t *testing.T) {
		now = now.Add(time.Minute)
		if err := put(used, false); err != nil {
			t.Errorf("Put: %v", err)
		}
		now = now.Add(time.Minute)
		if err := tickets.Burn(ctx, "exchange", used, now.Add(time.Minute)); err != nil {
			t.Errorf("Burn: %v", err)
		}
	})
	t.Run("Data is bounded", func(t *testing.T) {
		for size, want := range map[int]bool{8 << 10: true, 8<<10 + 1: false} {
			err := tickets.Put(ctx,
				core.Ticket{Digest: unknown, Purpose: "exchange", Data: make([]byte, size), Expires: now.Add(time.Minute)}, false)
			if (err == nil) != want {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	})
}
