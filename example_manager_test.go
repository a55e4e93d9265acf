package latchkey_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// exampleManager returns the manager of an application with two members.
func exampleManager(ctx context.Context, sender latchkey.Sender) (*latchkey.Auth[Member], *latchkey.Manager[Member]) {
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Hashers: cheap(), Sender: sender,
	})
	if err != nil {
		panic(err)
	}
	for _, nick := range []string{"ada", "grace"} {
		m := &Member{User: latchkey.User{Email: nick + "@example.org", IsActive: true}, Nick: nick}
		if err := auth.Manager().Create(ctx, m, "a password of "+nick); err != nil {
			panic(err)
		}
	}
	return auth, auth.Manager()
}

// An application that has found out by itself who somebody is logs them in: all
// checks of a login apply. Adapters write the Answer.
func ExampleManager_Login() {
	ctx := context.Background()
	_, manager := exampleManager(ctx, nil)
	ada, err := manager.FindByEmail(ctx, "Ada@Example.org")
	if err != nil {
		panic(err)
	}
	admission, err := manager.Login(ctx, ada.ID, "web", nil, core.Proof{Method: "smart card"})
	fmt.Println(admission.Answer.Status, err)

	off := false
	if _, err = manager.Update(ctx, ada.ID, latchkey.Changes[Member]{IsActive: &off}); err != nil {
		panic(err)
	}
	_, err = manager.Login(ctx, ada.ID, "web", nil, core.Proof{Method: "smart card"})
	fmt.Println(err)
	// Output:
	// 200 <nil>
	// LOGIN_BAD_CREDENTIALS
}

// List goes on from a cursor until there is none.
func ExampleManager_List() {
	ctx := context.Background()
	_, manager := exampleManager(ctx, nil)
	for q := (core.Query{Limit: 1}); ; {
		page, next, err := manager.List(ctx, q)
		if err != nil {
			panic(err)
		}
		for _, member := range page {
			fmt.Println(member.Email)
		}
		if next == "" {
			break
		}
		q.Cursor = next
	}
	// Unordered output:
	// ada@example.org
	// grace@example.org
}

// A mail of the application's own goes to the stored address, in the
// background.
func ExampleManager_Mail() {
	ctx := context.Background()
	box, err := outbox.New(outbox.Options{Templates: fstest.MapFS{
		"welcome.subject.txt": {Data: []byte("Welcome, {{.User.Nick}}")},
		"welcome.txt":         {Data: []byte("Begin at https://app.example.org/tour")},
		"welcome.html":        {},
	}})
	if err != nil {
		panic(err)
	}
	auth, manager := exampleManager(ctx, box)
	grace, err := manager.FindByEmail(ctx, "grace@example.org")
	if err != nil {
		panic(err)
	}
	if err := manager.Mail(ctx, grace.ID, latchkey.Mail{Kind: "welcome"}); err != nil {
		panic(err)
	}
	if err := auth.Wait(ctx); err != nil { // for tests: what is queued has been tried
		panic(err)
	}
	fmt.Println(box.Mails()[0].To, box.Mails()[0].Subject)
	// Output: grace@example.org Welcome, grace
}

// A user of another system keeps their password: its hash is stored as it is,
// and replaced by the first hasher's at the first login.
func ExampleManager_Import() {
	ctx := context.Background()
	_, manager := exampleManager(ctx, nil)
	alan := &Member{User: latchkey.User{Email: "Alan@example.org", IsActive: true, IsVerified: true}}
	fmt.Println(manager.Import(ctx, alan, "cheap$turing machine"))

	user, err := manager.Authenticate(ctx, "alan@example.org", "turing machine")
	fmt.Println(user.Email, err)

	again := &Member{User: latchkey.User{Email: "alan@example.org"}}
	fmt.Println(errors.Is(manager.Import(ctx, again, ""), core.ErrTaken))
	// Output:
	// <nil>
	// Alan@example.org <nil>
	// true
}
