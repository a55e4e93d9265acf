package latchkey_test

import (
	"context"
	"fmt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// Users of another application come with the hashes that they have: nothing is
// hashed until each of them logs in.
func Example_import() {
	ctx, users := context.Background(), memstore.NewUsers[Member]()
	if err := importUsers(ctx, users); err != nil {
		panic(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(users, latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: sessions}},
	})
	if err != nil {
		panic(err)
	}
	u, err := auth.Manager().Authenticate(ctx, "grace@example.org", "correct horse")
	fmt.Println(u.Email, err)
	// Output: Grace@example.org <nil>
}

func importUsers(ctx context.Context, users *memstore.Users[Member]) error {
	for _, old := range []struct{ address, hash string }{
		{"Grace@example.org", "$2a$10$bbPr8rvGDlf6yOXO.5Xf3eGq5GcWPIyR9F2IZcPiFFt5wMHU87lXS"}, // bcrypt
	} {
		key, err := latchkey.CanonicalEmail(old.address)
		if err != nil {
			return fmt.Errorf("%s: %w", old.address, err)
		}
		u := Member{User: latchkey.User{Email: old.address, EmailKey: key, HashedPassword: core.PasswordHash(old.hash),
			IsActive: true, IsVerified: true}}
		if err := users.Create(ctx, &u); err != nil { // core.ErrTaken: the address is there already
			return fmt.Errorf("%s: %w", old.address, err)
		}
	}
	return nil
}
