package latchkey_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// gifts is a flow of the application's own: POST /gift credits the caller once.
type gifts struct{ credits int }

// Name names the flow's group of routes.
func (gifts) Name() string { return "gifts" }

// PerBackend is false: one group serves the logins of all backends.
func (gifts) PerBackend() bool { return false }

// Routes returns the route. What the flow misses would be its error.
func (g gifts) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "gifts:take", Method: http.MethodPost, Pattern: "/gift", Guards: []core.Guard{core.Verified},
		Doc: core.Doc{Summary: "Take the gift", Status: http.StatusOK, Answer: svc.Users.New(),
			Codes: []string{"GIFT_TAKEN"}},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			e := &core.Event{Kind: "gift.taken", User: core.CurrentFrom(ctx).User, Request: r, Fields: []string{"credits"}}
			// Commit checks the caller's login again, and runs do
			// and every Witness in one transaction where the store
			// has them.
			err := svc.Events.Commit(ctx, e, func(ctx context.Context) error {
				u, err := svc.Users.Update(ctx, e.User.Base().ID, func(u core.AnyUser) error {
					member := u.(*Member) // AnyUser is always the application's type
					if member.Credits > 0 {
						return core.Refuse("GIFT_TAKEN")
					}
					member.Credits = g.credits
					return nil
				})
				if err == nil {
					e.User = u
				}
				return err
			})
			if refusal := (*core.Error)(nil); err != nil && !errors.As(err, &refusal) {
				err = core.Unavailable(err) // the store cannot be reached
			}
			if err != nil {
				return nil, err
			}
			return core.JSON(http.StatusOK, svc.Codec.Output(e.User))
		},
	}}, nil
}

// Decide refuses a deletion. A Decider may refuse whatever is about to happen.
func (gifts) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	if e.Kind == core.EventDeleted && e.User.(*Member).Credits > 0 {
		return core.Refuse("SPEND_YOUR_CREDITS_FIRST")
	}
	return nil
}

// Witness is called with every change, of other flows too.
func (gifts) Witness(_ context.Context, _ *core.Services, e core.Event) error {
	fmt.Println("witness:", e.Kind, "by", e.Actor.Kind, e.Fields)
	return nil
}

// A flow of an application's own has what those of Latchkey have.
func ExampleAuth_Flow() {
	ctx := context.Background()
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{webBackend()}, Flows: []latchkey.Flow{gifts{credits: 5}}, Hashers: cheap(),
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Login("web"))
	httpauth.Mount(mux, "/users/me", auth.Flow("gifts"))
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	if err := auth.Manager().Create(ctx, ada, "analytical engine"); err != nil {
		panic(err)
	}
	token := logIn(mux, "ada@example.org", "analytical engine")

	fmt.Println(exchange(mux, "POST /users/me/gift", "", ""))
	fmt.Println(exchange(mux, "POST /users/me/gift", token, "")[:3])
	fmt.Println(exchange(mux, "POST /users/me/gift", token, ""))
	fmt.Println(auth.Manager().Delete(ctx, ada.ID))
	// Output:
	// witness: register by system []
	// witness: login by user []
	// 401 {"detail":"Unauthorized"}
	// witness: gift.taken by user [credits]
	// 200
	// 400 {"detail":"GIFT_TAKEN"}
	// SPEND_YOUR_CREDITS_FIRST
}
