package trusted_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// meanwhile is a flow that lets something happen once between the guards of a
// browser's trust and its write.
type meanwhile struct {
	core.Flow
	do *func(context.Context)
}

func (meanwhile) Name() string                                { return "meanwhile" }
func (meanwhile) PerBackend() bool                            { return false }
func (meanwhile) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

// Decide implements core.Decider.
func (m meanwhile) Decide(ctx context.Context, _ *core.Services, e *core.Event) error {
	if do := *m.do; do != nil && e.Kind == core.EventFactorAdded && e.Method == core.KindTrusted {
		*m.do = nil
		do(core.WithoutCurrent(ctx))
	}
	return nil
}

// lateStore lets something happen once at the last moment, before the user's
// credentials are read or before a trusted browser is created.
type lateStore struct {
	*memstore.Credentials
	list, create *func(context.Context)
}

func (s lateStore) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	if do := *s.list; do != nil && kind == "" {
		*s.list = nil
		do(core.WithoutCurrent(ctx))
	}
	return s.Credentials.List(ctx, kind, owner)
}

func (s lateStore) Create(ctx context.Context, c *core.Credential, most int) error {
	if do := *s.create; do != nil && c.Kind == core.KindTrusted {
		*s.create = nil
		do(core.WithoutCurrent(ctx))
	}
	return s.Credentials.Create(ctx, c, most)
}

// M71: what ends the trust also ends it while it is being given.
func TestAttackM71ARace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error
		// The answers where it happens before the login is checked
		// again, before and after the credentials are read. memstore
		// has no transactions, so it can happen there; what is written
		// then is worth nothing.
		answers [3]int
	}{
		"twin: nothing": {func(context.Context, *latchkey.Manager[factortest.Member], string) error { return nil }, [3]int{201, 201, 201}},
		"the factor is removed": {func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error {
			_, err := m.RemoveFactors(ctx, id)
			return err
		}, [3]int{401, 409, 201}},
		"a new password": {func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error {
			password := factortest.Password
			_, err := m.Update(ctx, id, latchkey.Changes[factortest.Member]{Password: &password})
			return err
		}, [3]int{401, 201, 201}},
		"all sessions end": {func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error {
			return m.EndSessions(ctx, id)
		}, [3]int{401, 201, 201}},
	} {
		for place, answer := range c.answers {
			synctest.Test(t, func(t *testing.T) {
				var decide, list, create func(context.Context)
				store := lateStore{memstore.NewCredentials(nil), &list, &create}
				a := app{factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
					o.Flows, o.Credentials = []latchkey.Flow{totp.Flow{}, trusted.Flow{}, meanwhile{do: &decide}}, store
				}), t}
				b := a.enrolled(factortest.Ada)
				end := func(ctx context.Context) {
					if err := c.end(ctx, a.Manager(), a.Ada.ID); err != nil {
						t.Error(err)
					}
				}
				decide = func(ctx context.Context) {
					switch place {
					case 0:
						end(ctx)
					case 1:
						list = end
					case 2:
						create = end
					}
				}
				b.Ask("/trusted-devices", "", answer, "")
				rows, err := store.List(t.Context(), core.KindTrusted, a.Ada.ID)
				if err != nil || len(rows) > 0 != (answer == 201) {
					t.Errorf("%s: %d rows, %v", name, len(rows), err)
				}
				if name == "the factor is removed" { // which leaves nothing to be asked for
					b.secret = a.Client("web").Enrol(factortest.Ada)
				}
				if strings.HasPrefix(name, "twin") {
					b.password(204)
				} else {
					b.password(403)
				}
			})
		}
	}
}

// M71: another credential in the place of the one that proved, whoever put it
// there.
func TestAttackM71AnotherCredential(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.NewCredentials(nil)
		a := app{factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
			o.Flows, o.Credentials = []latchkey.Flow{totp.Flow{}, trusted.Flow{}}, store
		}), t}
		b := a.enrolled(factortest.Ada)
		b.trust()
		b.password(204)
		replace := func() {
			old, err := store.Find(t.Context(), core.MethodTOTP, a.Ada.ID)
			if err == nil {
				err = store.Delete(t.Context(), old.Kind, old.Owner, old.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			old.ID, old.Created = "", time.Now()
			if err := store.Create(t.Context(), old, 0); err != nil {
				t.Fatal(err)
			}
		}
		replace()
		b.password(403)
		b.code()
		time.Sleep(2 * time.Second)
		replace()
		b.Ask("/trusted-devices", "", 409, core.CodeNoFactor) // the one that proved is gone
		other := b.other()
		other.password(403)
		other.code()
		other.trust()
		other.password(204)
	})
}

// M70: what a backend's cookie keeps is nothing at another backend.
func TestAttackM70AnotherBackend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := app{factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
			o.Flows = []latchkey.Flow{totp.Flow{}, trusted.Flow{}}
			for _, name := range []string{"web", "staff"} {
				transport, err := cookie.New(cookie.Options{Name: "__Host-" + name})
				if err != nil {
					t.Fatal(err)
				}
				sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
				if err != nil {
					t.Fatal(err)
				}
				o.Backends = append(o.Backends, latchkey.Backend{Name: name, Transport: transport, Strategy: sessions})
			}
		}), t}
		b := browser{a.Client("web"), a, factortest.Ada, a.Client("web").Enrol(factortest.Ada)}
		b.password(403)
		b.code()
		w := b.Do(a, "POST", "/auth/web/trusted-devices", "")
		set, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		secret, ok := strings.CutPrefix(set, "__Host-web-trusted=")
		if w.Code != 201 || !ok {
			t.Fatalf("%d %s %v", w.Code, w.Body, w.Header())
		}
		staff := a.Client("staff")
		staff.Header.Set("Cookie", "__Host-staff-trusted="+secret)
		staff.First(factortest.Ada)
		b.password(204)
	})
}

// Where credentials cannot be read nobody is spared anything, and nobody is
// trusted.
func TestStoreIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := false
		a := app{factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
			o.Flows = []latchkey.Flow{totp.Flow{}, trusted.Flow{}}
			o.Credentials = downStore{memstore.NewCredentials(nil), &down}
		}), t}
		b := a.enrolled(factortest.Ada)
		down = true
		b.Ask("/trusted-devices", "", 503, "")
		down = false
		b.trust()
		down = true
		b.password(503)
		down = false
		b.password(204)
	})
}

// downStore fails to find and to write trusted browsers.
type downStore struct {
	*memstore.Credentials
	down *bool
}

func (s downStore) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	if *s.down && kind == core.KindTrusted {
		return nil, context.DeadlineExceeded
	}
	return s.Credentials.Find(ctx, kind, key)
}

func (s downStore) Create(ctx context.Context, c *core.Credential, most int) error {
	if *s.down && c.Kind == core.KindTrusted {
		return context.DeadlineExceeded
	}
	return s.Credentials.Create(ctx, c, most)
}
