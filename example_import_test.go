package latchkey_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Users of another application come with the hashes that they have: nothing is
// hashed until each of them logs in.
func Example_import() {
	ctx := context.Background()
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()},
	})
	if err != nil {
		panic(err)
	}
	for range 2 { // the second time goes on where the first was interrupted
		if err := importUsers(ctx, auth.Manager()); err != nil {
			panic(err)
		}
	}
	u, err := auth.Manager().Authenticate(ctx, "grace@example.org", "correct horse")
	fmt.Println(u.Email, err)
	// Output: Grace@example.org <nil>
}

func importUsers(ctx context.Context, manager *latchkey.Manager[Member]) error {
	for _, old := range []struct{ address, hash string }{
		{"Grace@example.org", "$2a$10$bbPr8rvGDlf6yOXO.5Xf3eGq5GcWPIyR9F2IZcPiFFt5wMHU87lXS"}, // bcrypt
	} {
		u := &Member{User: latchkey.User{Email: old.address, IsActive: true, IsVerified: true}}
		err := manager.Import(ctx, u, core.PasswordHash(old.hash))
		if err != nil && !errors.Is(err, core.ErrTaken) { // taken: it is there already
			return fmt.Errorf("%s: %w", old.address, err)
		}
	}
	return nil
}
