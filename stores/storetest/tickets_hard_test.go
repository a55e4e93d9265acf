package storetest_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func TestTicketsBrokenByHardValues(t *testing.T) {
	t.Parallel()
	puts := func(edit func(t *core.Ticket, now time.Time)) func(s *ticketStore, now func() time.Time) {
		return func(s *ticketStore, now func() time.Time) {
			s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
				edit(&t, now())
				return s.Tickets.Put(ctx, t, replace)
			}
		}
	}
	for name, fake := range map[string]struct {
		breaks func(s *ticketStore, now func() time.Time)
		rules  []string
	}{
		"e-mails of at most 255 bytes": {puts(func(t *core.Ticket, _ time.Time) { t.Email = t.Email[:min(len(t.Email), 255)] }), []string{"An e-mail of 320", "G05"}},
		"broken names are altered":     {puts(func(t *core.Ticket, _ time.Time) { t.UserID = strings.ToValidUTF8(t.UserID, "\ufffd") }), []string{"G05"}},
		"data beyond 8 KiB is cut":     {puts(func(t *core.Ticket, _ time.Time) { t.Data = t.Data[:min(len(t.Data), 8<<10)] }), []string{"G05"}},
		"what is over lives for an hour": {puts(func(t *core.Ticket, now time.Time) {
			if !t.Expires.After(now) {
				t.Expires = now.Add(time.Hour)
			}
		}), []string{"A ticket with a far end"}},
		"ends of 31 bits": {puts(func(t *core.Ticket, _ time.Time) {
			if t.Expires.Unix() > math.MaxInt32 {
				t.Expires = time.Unix(math.MaxInt32, 0).UTC()
			}
		}), []string{"A ticket with a far end"}},
		"used ones are replaced too": {func(s *ticketStore, _ func() time.Time) {
			var used sync.Map
			s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
				err := s.Tickets.Put(ctx, t, replace)
				if err == nil && replace {
					used.Range(func(d, _ any) bool { used.Store(d, true); return true })
				}
				return err
			}
			s.consume = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				t, err := s.Tickets.Consume(ctx, purpose, d)
				if gone, _ := used.LoadOrStore(d, false); gone.(bool) && errors.Is(err, core.ErrUsed) {
					err = core.ErrNotFound
				}
				return t, err
			}
		}, []string{"Put with replace leaves"}},
		"a refused Put replaces": {func(s *ticketStore, _ func() time.Time) {
			s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
				if !replace {
					return s.Tickets.Put(ctx, t, false)
				}
				other := t
				other.Digest[0] ^= 1
				return errors.Join(s.Tickets.Put(ctx, other, true), s.Tickets.Fail(ctx, t.Purpose, other.Digest, 1),
					s.Tickets.Put(ctx, t, false))
			}
		}, []string{"Put is ErrTaken", "?Of any number of concurrent Puts with"}},
		"a digest has one purpose": {func(s *ticketStore, _ func() time.Time) {
			s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
				if _, err := s.Tickets.Find(ctx, "reset", t.Digest); t.Purpose == "verify" && !errors.Is(err, core.ErrNotFound) {
					return core.ErrTaken
				}
				return s.Tickets.Put(ctx, t, replace)
			}
		}, []string{"Tickets of different"}},
		"what was burned can fail": {func(s *ticketStore, _ func() time.Time) {
			s.fail = func(ctx context.Context, purpose string, d [32]byte, max int) error {
				if t, err := s.Tickets.Find(ctx, purpose, d); errors.Is(err, core.ErrUsed) && t.UserID == "" {
					return nil
				}
				return s.Tickets.Fail(ctx, purpose, d, max)
			}
		}, []string{"A burned digest is taken"}},
		"a sweep that is deaf to its context": {func(s *ticketStore, _ func() time.Time) {
			s.sweep = func(ctx context.Context) (int, error) { return s.Tickets.Sweep(context.WithoutCancel(ctx)) }
		}, []string{"Sweeper"}},
	} {
		t.Run(name, func(t *testing.T) { brokenTickets(t, storetest.TicketCases(), fake.breaks, fake.rules...) })
	}
}
