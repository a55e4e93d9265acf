package passkey_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// late is a credential store in which something happens right before a
// credential is created.
type late struct {
	core.CredentialStore
	before func(ctx context.Context)
}

func (l *late) Create(ctx context.Context, c *core.Credential, max int) error {
	if before := l.before; before != nil {
		l.before = nil
		before(ctx)
	}
	return l.CredentialStore.Create(ctx, c, max)
}

// TestAttackO52: a passkey is not left behind by a login that ended while it
// was registered, nor by a user who was deleted.
func TestAttackO52TheLoginEndsMeanwhile(t *testing.T) {
	t.Parallel()
	store := &late{}
	a := newApp(t, passkey.Options{}, func(o *latchkey.Options[member]) {
		store.CredentialStore = o.Credentials
		o.Credentials = store
	})
	for name, c := range map[string]struct {
		end    func(ctx context.Context, u *member) error
		status int
	}{
		"all logins end": {func(ctx context.Context, u *member) error { return a.Manager().EndSessions(ctx, u.ID) },
			http.StatusUnauthorized},
		"the user is deleted": {func(ctx context.Context, u *member) error { return a.Manager().Delete(ctx, u.ID) },
			http.StatusUnauthorized},
		"nothing": {func(context.Context, *member) error { return nil }, http.StatusCreated},
	} {
		u := a.user()
		client := authtest.As(t, a.Auth, "web", u)
		body := credential(newAuthenticator(t).create(a.options(client, "/auth/web/passkeys/options", "")))
		store.before = func(ctx context.Context) {
			if err := c.end(context.WithoutCancel(t.Context()), u); err != nil {
				t.Error(err)
			}
		}
		w := a.do(client, "/auth/web/passkeys", body)
		if w.Code != c.status || (len(a.rows(u)) == 1) != (c.status == http.StatusCreated) {
			t.Errorf("%s: %d %s, and %d are stored", name, w.Code, w.Body, len(a.rows(u)))
		}
	}
}

// toggled is a factor that a user gets while a login waits.
type toggled struct {
	pin
	on bool
}

func (f *toggled) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	if !f.on {
		return false, nil
	}
	return f.pin.Asks(ctx, u, done)
}

// burning runs something when a challenge is spent.
type burning struct {
	core.TicketStore
	meanwhile func()
}

func (b *burning) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	if b.meanwhile != nil {
		b.meanwhile()
	}
	return b.TicketStore.Burn(ctx, purpose, d, until)
}

// TestAttackM32: what the user got elsewhere, after this login began to enrol,
// keeps the passkey out.
func TestAttackM32AFactorMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		factor, passkey bool
		status          int
	}{
		"nothing": {status: http.StatusOK}, "another factor": {factor: true, status: http.StatusForbidden},
		"another passkey": {passkey: true, status: http.StatusForbidden},
	} {
		store, factor, spent := &late{}, &toggled{}, &burning{}
		a := newApp(t, passkey.Options{}, func(o *latchkey.Options[member]) {
			store.CredentialStore, spent.TicketStore = o.Credentials, o.Tickets
			o.Credentials, o.Tickets, o.Flows = store, spent, append(o.Flows, factor)
			required(o)
		})
		u := a.user()
		client, d := a.pending("api", u)
		o := a.options(client, "/auth/api/login/passkeys/options", d.json())
		if c.factor {
			spent.meanwhile = func() { factor.on = true }
		}
		if c.passkey {
			store.before = func(ctx context.Context) {
				data := []byte(`{"v":1,"id":"AA","key":"AA"}`)
				other := &core.Credential{Owner: u.ID, Kind: passkey.Kind, Key: "another", Data: data}
				if err := a.store.Create(ctx, other, 0); err != nil {
					t.Error(err)
				}
			}
		}
		k := newAuthenticator(t)
		w := a.do(client, "/auth/api/login/passkeys", credential(k.create(o), `"pending": "`+d.Pending+`"`))
		rows := len(a.rows(u))
		if w.Code != c.status || c.status == http.StatusOK && rows != 1 || c.factor && rows != 0 || c.passkey && rows != 1 {
			t.Errorf("%s: %d %s, and %d are stored", name, w.Code, w.Body, rows)
		}
	}
}
