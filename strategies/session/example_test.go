package session_test

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

func Example() {
	strategy, err := session.New(memstore.NewSessions(nil),
		session.Options{Idle: 12 * time.Hour, Absolute: 7 * 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	token, _ := strategy.Issue(ctx, core.Login{Session: core.Session{UserID: "ada", Backend: "web"}})
	found, err := strategy.Verify(ctx, token.Raw)
	fmt.Println(found.UserID, err)

	_ = strategy.Revoke(ctx, found.Session)
	_, err = strategy.Verify(ctx, token.Raw)
	fmt.Println(err)
	// Output:
	// ada <nil>
	// latchkey: invalid credential
}

func ExampleStrategy_RevokeAll() {
	strategy, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	phone, _ := strategy.Issue(ctx, core.Login{Session: core.Session{UserID: "ada", Backend: "web"}})
	laptop, _ := strategy.Issue(ctx, core.Login{Session: core.Session{UserID: "ada", Backend: "web"}})
	here, _ := strategy.Verify(ctx, laptop.Raw)

	// A new password: every session below the new epoch is revoked, except
	// for the one that changed it.
	_ = strategy.RevokeAll(ctx, "ada", 1, here.ID)
	_, err = strategy.Verify(ctx, phone.Raw)
	fmt.Println("phone:", err)
	kept, err := strategy.Verify(ctx, laptop.Raw)
	fmt.Println("laptop:", kept.Epoch, err)
	// Output:
	// phone: latchkey: invalid credential
	// laptop: 1 <nil>
}
