package latchkey_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func withAudit(o latchkey.Options[Member], store core.AuditStore, log *slog.Logger) latchkey.Options[Member] {
	o.Flows = append(o.Flows, audit.Flow{
		Store: store,                         // store.Audit() of sqlstore, bunstore, gormstore or mongostore
		Keep:  180 * 24 * time.Hour,          // 90 days by default
		Also:  []audit.Sink{audit.Slog(log)}, // none by default
		Own:   true,                          // GET /auth/audit/me
	})
	return o
}

// ship copies records to another place, and returns where the next call begins.
func ship(
	ctx context.Context, auth *latchkey.Auth[Member], since time.Time, put func(core.Record) error,
) (time.Time, error) {
	// A transaction that was slow to commit shows its record late, so the
	// last minutes are read again. The other place knows a record by its
	// ID.
	q := core.AuditQuery{From: since.Add(-5 * time.Minute), Oldest: true, Limit: 100}
	for {
		records, next, err := auth.Manager().Audit(ctx, q)
		if err != nil {
			return since, err
		}
		for _, r := range records {
			if err := put(r); err != nil {
				return since, err
			}
			since = r.At
		}
		if next == "" {
			return since, nil
		}
		q.Cursor = next
	}
}

func ExampleManager_Audit() {
	clock := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	now := func() time.Time { clock = clock.Add(time.Second); return clock }
	auth, err := latchkey.New(memstore.NewUsers[Member](), withAudit(latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(), Now: now,
	}, memstore.NewAudit(), slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := auth.Manager().Create(ctx, ada, "analytical engine"); err != nil {
		panic(err)
	}
	if err := auth.Manager().Delete(ctx, ada.ID); err != nil {
		panic(err)
	}
	put := func(r core.Record) error { fmt.Println(r.Action, r.Subject == ada.ID, r.By.Kind); return nil }
	if _, err := ship(ctx, auth, time.Time{}, put); err != nil {
		panic(err)
	}
	// Output:
	// register true system
	// user.deleted true system
}
