package leaving_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

type (
	member  = factortest.Member
	options = latchkey.Options[member]
)

// box keeps mails.
type box struct {
	mu    sync.Mutex
	mails []core.Mail
}

func (b *box) Send(_ context.Context, m core.Mail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	return nil
}

// app is an application whose users may leave.
type app struct {
	*factortest.App
	box *box
	t   *testing.T
}

// newApp returns one in which nothing has transactions; change may be nil.
func newApp(t *testing.T, change func(*options)) app { return makeApp(t, change, factortest.New) }

// separate returns one whose users have transactions, in which their
// credentials take no part.
func separate(t *testing.T, change func(*options)) app {
	return makeApp(t, change, factortest.Separate)
}

func makeApp(
	t *testing.T, change func(*options), open func(*testing.T, func(*options)) *factortest.App,
) app {
	b := &box{}
	return app{open(t, func(o *options) {
		o.Flows, o.SelfDelete, o.Sender = []latchkey.Flow{leaving.Flow{}, reset.Flow{}, emailchange.Flow{}}, true, b
		if change != nil {
			change(o)
		}
	}), b, t}
}

// newBackend returns one of sessions by bearer.
func newBackend(t *testing.T) latchkey.Backend {
	t.Helper()
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return latchkey.Backend{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}
}

// mails returns those of a kind that were sent.
func (a app) mails(kind string) (all []core.Mail) {
	a.t.Helper()
	if err := a.Wait(a.t.Context()); err != nil {
		a.t.Fatal(err)
	}
	a.box.mu.Lock()
	defer a.box.mu.Unlock()
	for _, m := range a.box.mails {
		if m.Kind == kind {
			all = append(all, m)
		}
	}
	return all
}

// token is that of the latest mail to who leaves.
func (a app) token() string {
	a.t.Helper()
	all := a.mails(core.MailLeaving)
	if len(all) == 0 {
		a.t.Fatal("there is no mail to who leaves")
	}
	return all[len(all)-1].Token
}

// loggedIn returns a client that Ada has just logged in with.
func (a app) loggedIn(backend string) *factortest.Client {
	a.t.Helper()
	c := a.Client(backend)
	a.logsIn(c, factortest.Password, c.Done(), "")
	return c
}

// logsIn logs Ada in, and expects the answer.
func (a app) logsIn(c *factortest.Client, password string, status int, part string) {
	a.t.Helper()
	c.Ask("/login", fmt.Sprintf(`{"email": %q, "password": %q}`, factortest.Ada, password), status, part)
}

// leave lets Ada leave, in a new login.
func (a app) leave() {
	a.t.Helper()
	a.loggedIn("api").Send("DELETE", "/users/me", "", 202, `"until":`)
}

// undo posts a token.
func (a app) undo(token string, status int) {
	a.t.Helper()
	part := ""
	if status == 400 {
		part = core.CodeLeavingBadToken
	}
	a.Client("api").Send("POST", "/auth/leaving/undo", fmt.Sprintf(`{"token": %q}`, token), status, part)
}

// sweeps expects how many Sweep deletes.
func (a app) sweeps(want int) {
	a.t.Helper()
	if n, err := a.Sweep(a.t.Context()); err != nil || n != want {
		a.t.Errorf("Sweep deleted %d, %v, want %d", n, err, want)
	}
}

// there reports whether Ada's account exists, and fails if that is unknown.
func (a app) there() bool {
	a.t.Helper()
	_, err := a.Manager().Find(a.t.Context(), a.Ada.ID)
	if err != nil && err != core.ErrNotFound {
		a.t.Fatal(err)
	}
	return err == nil
}
