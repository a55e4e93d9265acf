package audit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

func Example() {
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	// store.Audit() of a database has the records in the transactions of
	// the changes.
	log := audit.Func(func(_ context.Context, r core.Record) { fmt.Println("heard of", r.Action) })
	auth, err := latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{audit.Flow{Store: memstore.NewAudit(), Also: []audit.Sink{log}, Own: true}},
		Now:      func() time.Time { return time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC) },
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	ada := &member{latchkey.User{Email: "ada@example.org", IsActive: true}}
	if err := auth.Manager().Create(ctx, ada, "analytical engine"); err != nil {
		panic(err)
	}
	address := "countess@example.org"
	if _, err := auth.Manager().Update(ctx, ada.ID, latchkey.Changes[member]{Email: &address}); err != nil {
		panic(err)
	}
	records, _, err := auth.Manager().Audit(ctx, core.AuditQuery{User: ada.ID, Action: core.EventUpdated, Limit: 10})
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		fmt.Println(r.At.Format(time.DateTime), r.Action, r.Fields, "by the", r.By.Kind)
	}
	// Output:
	// heard of register
	// heard of user.updated
	// 2026-05-04 12:30:00 user.updated [email] by the system
}
