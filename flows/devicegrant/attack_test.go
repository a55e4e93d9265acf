package devicegrant_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// CVE-2026-45337: the login that claimed a code is the only one that
// decides about it.
func TestD01ClaimedByAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		a.User("eve@example.org")
		d, ada := a.device(), a.ada()
		others := map[string]person{
			"a stranger": a.person("web", "eve@example.org"), "another login of hers": a.ada(),
			"one at another backend": a.person("api", factortest.Ada),
		}
		for _, p := range append([]person{ada}, others["a stranger"]) {
			for _, route := range []string{"approve", "deny"} { // nobody has claimed it
				p.does(route, d.user, 400, core.CodeDeviceBadCode)
			}
		}
		ada.does("claim", d.user, 200, "")
		for what, p := range others {
			t.Log(what)
			for _, route := range []string{"claim", "approve", "deny"} {
				p.does(route, d.user, 400, core.CodeDeviceBadCode)
			}
		}
		d.waits()
		ada.does("claim", d.user, 200, "")
		ada.does("approve", d.user, 204, "")
		others["a stranger"].does("deny", d.user, 400, core.CodeDeviceBadCode)
		d.polls(200, "access_token")
		if me := d.Send("GET", "/users/me", "", 200, ""); me["email"] != factortest.Ada {
			t.Errorf("the device is %v's", me["email"])
		}
	})
}

// Of any number of logins that claim a code at once, one has it.
func TestD02ClaimedAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, devicegrant.Flow{}, nil)
	for range 20 {
		d, claimed := a.device(), atomic.Int64{}
		var all sync.WaitGroup
		for range 8 {
			p := a.ada()
			all.Go(func() {
				if p.Do(a, "POST", "/auth/web/device/claim", typed(d.user)).Code == http.StatusOK {
					claimed.Add(1)
				}
			})
		}
		all.Wait()
		if n := claimed.Load(); n != 1 {
			t.Fatalf("%d logins have claimed one code", n)
		}
	}
}

// Of 64 polls after an approval, one gets the login.
func TestD02PolledAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, devicegrant.Flow{}, nil)
	for range 5 {
		d := a.device()
		a.ada().lets(d)
		codes := make([]int, 64)
		var all sync.WaitGroup
		for i := range codes {
			all.Go(func() {
				codes[i] = authtest.NewClient(t).Do(a, "POST", "/auth/api/device/token", poll(d.code)).Code
			})
		}
		all.Wait()
		in := 0
		for _, code := range codes {
			if code == http.StatusOK {
				in++
			} else if code != http.StatusBadRequest {
				t.Errorf("a poll is answered with %d", code)
			}
		}
		if in != 1 {
			t.Fatalf("%d of 64 polls got a login", in)
		}
	}
}

// Of an approval and a refusal at once, one counts, and it is the one whose
// answer was a success.
func TestD02DecidedAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, devicegrant.Flow{}, nil)
	for range 50 {
		d, ada := a.device(), a.ada()
		ada.does("claim", d.user, 200, "")
		var approve, deny int
		var both sync.WaitGroup
		both.Go(func() { approve = ada.Do(a, "POST", "/auth/web/device/approve", typed(d.user)).Code })
		both.Go(func() { deny = ada.Do(a, "POST", "/auth/web/device/deny", typed(d.user)).Code })
		both.Wait()
		if (approve == http.StatusNoContent) == (deny == http.StatusNoContent) {
			t.Fatalf("approve: %d, deny: %d", approve, deny)
		}
		if approve == http.StatusNoContent {
			d.polls(200, "access_token")
		} else {
			d.isDenied()
		}
	}
}

// No login without the person, and none that is old, lets a device in.
func TestD03WhoMayDecide(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		d := a.device()
		nobody := person{a.Client("web"), a}
		old := a.ada()
		for _, route := range []string{"claim", "approve", "deny"} {
			nobody.does(route, d.user, 401, "")
			if w := old.from("https://evil.example", route, d.user); w != 403 {
				t.Errorf("%s from another site: %d", route, w)
			}
		}
		at(5 * time.Minute)
		old.does("claim", d.user, 200, "")
		at(5*time.Minute + time.Second)
		d = a.device()
		old.does("claim", d.user, 403, core.CodeProofRequired)
		fresh := a.ada()
		fresh.does("claim", d.user, 200, "")
		at(10*time.Minute - time.Second) // the claim was recent
		fresh.does("approve", d.user, 204, "")
		d.polls(200, "access_token")
	})
}

// from posts as a page of another site would, and returns the status.
func (p person) from(origin, route, user string) int {
	p.Header.Set("Origin", origin)
	p.Header.Set("Sec-Fetch-Site", "cross-site")
	defer p.Header.Del("Origin")
	defer p.Header.Del("Sec-Fetch-Site")
	return p.Do(p.a, "POST", "/auth/web/device/"+route, typed(user)).Code
}

// What has happened to the user since the approval ends it.
func TestD04EndedBetween(t *testing.T) {
	for what, c := range map[string]struct {
		do  func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error
		yes bool
	}{
		"nothing": {func(context.Context, *latchkey.Manager[factortest.Member], string) error { return nil }, true},
		"logins ended": {func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error {
			return m.EndSessions(ctx, id)
		}, false},
		"password": {func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error {
			password := "another engine"
			_, err := m.Update(ctx, id, latchkey.Changes[factortest.Member]{Password: &password})
			return err
		}, false},
		"suspended": {func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error {
			return m.Suspend(ctx, id, time.Time{}, "x")
		}, false},
		"deleted": {func(ctx context.Context, m *latchkey.Manager[factortest.Member], id string) error {
			return m.Delete(ctx, id)
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a := newApp(t, devicegrant.Flow{}, nil)
				d := a.device()
				a.ada().lets(d)
				if err := c.do(t.Context(), a.Manager(), a.Ada.ID); err != nil {
					t.Fatal(err)
				}
				if c.yes {
					d.polls(200, "access_token")
				} else {
					d.isDenied()
				}
			})
		})
	}
}

// The claim of a login that has ended is nobody's.
func TestLoggedOutBetween(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		d, ada := a.device(), a.ada()
		ada.does("claim", d.user, 200, "")
		ada.Ask("/logout", "", 204, "")
		ada.does("approve", d.user, 401, "")
		a.ada().does("approve", d.user, 400, core.CodeDeviceBadCode)
		d.waits()
	})
}

func TestD05Expiry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		d, late, ada := a.device(), a.device(), a.ada()
		ada.lets(d)
		ada.does("claim", late.user, 200, "")
		at(10*time.Minute - time.Second)
		late.waits()
		d.polls(200, "access_token")
		at(time.Second)
		late.wants("DEVICE_EXPIRED_TOKEN", "expired_token")
		a.ada().does("claim", late.user, 400, core.CodeDeviceBadCode)
		ada.does("approve", late.user, 400, core.CodeDeviceBadCode)
		at(10 * time.Minute)
		late.isBad()
	})
}

// A device code of another backend, and a user code in its place.
func TestD05OtherCodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, func(o *options) {
			*o = authtest.Options(t, *o)
			second := o.Backends[1]
			second.Name = "other"
			o.Backends = append(o.Backends, second)
		})
		d, other := a.device(), a.Client("other")
		a.ada().lets(d)
		other.Ask("/device/token", poll(d.code), 400, core.CodeDeviceBadCode)
		other.Ask("/device/token", poll(d.user), 400, core.CodeDeviceBadCode)
		a.Client("api").Ask("/device/token", poll(d.code[1:]+"A"), 400, core.CodeDeviceBadCode)
		d.polls(200, "access_token")
	})
}

// A transaction that is run again decides as it did at first.
func TestDecidedAgain(t *testing.T) {
	t.Parallel()
	a := newApp(t, devicegrant.Flow{}, nil)
	a.App = factortest.Separate(t, func(o *options) { o.Flows = append(o.Flows, devicegrant.Flow{}) })
	d, ada := a.device(), a.ada()
	ada.does("claim", d.user, 200, "")
	a.Ledger.Next = []error{factortest.ErrAgain, factortest.ErrAgain}
	ada.does("approve", d.user, 204, "")
	d.polls(200, "access_token")

	d = a.device()
	ada.does("claim", d.user, 200, "")
	a.Ledger.Next = []error{errors.New("down")}
	ada.does("approve", d.user, 503, "")
	ada.does("approve", d.user, 204, "")
	d.polls(200, "access_token")
}

// An approval ends with the login that gave it, also where a step-up has
// replaced that; one by another login of the same user stays.
func TestD11EndedLogin(t *testing.T) {
	const own = `{"password": "` + factortest.Password + `"}`
	for name, end := range map[string]func(t *testing.T, a app, p person){
		"logged out": func(_ *testing.T, _ app, p person) { p.Ask("/logout", "", 204, "") },
		"ended by an administrator": func(t *testing.T, a app, _ person) {
			living, err := a.Manager().Sessions(t.Context(), a.Ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			oldest := slices.MinFunc(living, func(a, b *core.Session) int { return a.Created.Compare(b.Created) })
			if err := a.Manager().EndSession(t.Context(), a.Ada.ID, oldest.ID); err != nil {
				t.Fatal(err)
			}
		},
		"logged out after a step-up": func(_ *testing.T, _ app, p person) {
			p.Ask("/prove/password", own, 204, "")
			p.Ask("/logout", "", 204, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a := newApp(t, devicegrant.Flow{}, nil)
				p, d := a.ada(), a.device()
				p.lets(d)
				time.Sleep(time.Second)
				twin, theirs := a.ada(), a.device()
				twin.lets(theirs)
				end(t, a, p)
				d.isDenied()
				theirs.polls(200, "access_token")
			})
		})
	}
}

// A step-up after the approval ends nothing.
func TestD11TwinStepUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		p, d := a.ada(), a.device()
		p.lets(d)
		p.Ask("/prove/password", `{"password": "`+factortest.Password+`"}`, 204, "")
		time.Sleep(time.Minute)
		d.polls(200, "access_token")
	})
}

// Where the store cannot note the end of a login at once, it is tried again.
func TestD11Retried(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var tickets *failingBurns
		a := newApp(t, devicegrant.Flow{}, func(o *options) {
			tickets = &failingBurns{TicketStore: memstore.NewTickets(time.Now)}
			o.Tickets = tickets
		})
		p, d := a.ada(), a.device()
		p.lets(d)
		tickets.left.Store(1)
		p.Ask("/logout", "", 204, "")
		time.Sleep(time.Minute)
		d.isDenied()
	})
}

// failingBurns fails as many times as are left.
type failingBurns struct {
	core.TicketStore

	left atomic.Int64
}

func (s *failingBurns) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	if s.left.Add(-1) >= 0 {
		return errors.New("the store is away")
	}
	return s.TicketStore.Burn(ctx, purpose, d, until)
}
