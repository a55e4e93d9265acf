package mailtoken_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// member is an application's user type.
type member struct{ latchkey.User }

// invitation is a flow: whoever is created inactive gets a mail, and is active
// as soon as the mail's page has posted its token to /accept.
type invitation struct{ kind mailtoken.Kind }

func (invitation) Name() string     { return "invitation" }
func (invitation) PerBackend() bool { return false }

func (f invitation) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.kind.Check(svc); err != nil {
		return nil, err
	}
	return []core.Route{{
		Name: "invitation:accept", Method: http.MethodPost, Pattern: "/accept", Public: true,
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if err != nil {
				return nil, err
			}
			token, problem := in.Required("token")
			if problem != nil {
				return nil, core.Invalid(*problem)
			}
			if err := f.kind.Admit(ctx, svc, r); err != nil { // 429 where somebody guesses
				return nil, err
			}
			u, err := f.accept(ctx, svc, token, r)
			if err != nil {
				return nil, err
			}
			return core.JSON(http.StatusOK, svc.Codec.Output(u))
		},
	}}, nil
}

// On sends the mail; it is a core.Listener.
func (f invitation) On(ctx context.Context, svc *core.Services, e core.Event) {
	if e.Kind == core.EventRegistered && invited(e.User.Base()) {
		f.kind.Send(ctx, svc, e.User, invited)
	}
}

func invited(u *core.User) bool { return !u.IsActive && !u.IsVerified }

func (f invitation) accept(
	ctx context.Context, svc *core.Services, token string, r *core.Request,
) (core.AnyUser, error) {
	refused := core.Refuse("INVITATION_BAD_TOKEN")
	t, u, used, err := f.kind.Find(ctx, svc, token)
	if err != nil {
		return nil, err
	}
	if u == nil || used {
		return nil, refused
	}
	e := &core.Event{Kind: core.EventEmailVerified, User: u, Request: r}
	_, err = mailtoken.Spend(ctx, svc, t, e, mailtoken.Effect{
		Holds:     func(u *core.User) bool { return invited(u) && u.EmailKey == t.Email && u.TokenEpoch == t.Epoch },
		TakesOver: func(*core.User) bool { return true }, // the address is proved for the first time
		Change:    func(u *core.User, _ int) { u.IsActive, u.IsVerified = true, true },
	})
	if errors.Is(err, core.ErrUsed) {
		return nil, refused
	}
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	return e.User, nil
}

// An invitation: a flow of an application's own that proves a mailbox.
func Example() {
	box, err := outbox.New(outbox.Options{Templates: fstest.MapFS{
		"invite.subject.txt": {Data: []byte("You are invited")},
		"invite.txt":         {Data: []byte("{{.Link}}")},
		"invite.html":        {},
	}})
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	kind := mailtoken.New("invite", mailtoken.Options{Lifetime: 72 * time.Hour})
	auth, err := latchkey.New(memstore.NewUsers[member](), latchkey.Options[member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Flows:    []latchkey.Flow{invitation{kind}},
		Tickets:  memstore.NewTickets(nil), Sender: box, BaseURL: "https://app.example.org",
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/invitations", auth.Flow("invitation"))

	ctx := context.Background()
	if err := auth.Manager().Create(ctx, &member{latchkey.User{Email: "ada@example.org"}}, ""); err != nil {
		panic(err)
	}
	if err := auth.Wait(ctx); err != nil { // tests do not wait for the mail's delay
		panic(err)
	}
	mail := box.Mails()[0]
	fmt.Println(mail.Subject, strings.HasPrefix(mail.Text, "https://app.example.org/invite#token="))

	for range 2 {
		r := httptest.NewRequest(http.MethodPost, "/invitations/accept", strings.NewReader(`{"token": "`+mail.Token+`"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		ada, err := auth.Manager().FindByEmail(ctx, "ada@example.org")
		fmt.Println(w.Code, ada.IsActive, err)
	}
	// Output:
	// You are invited true
	// 200 true <nil>
	// 400 true <nil>
}
