package latchkey_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/reset"
)

// guessed counts the guesses that are compared with ada's password.
type guessed struct {
	fast
	n *atomic.Int64
}

func (g guessed) Verify(h core.PasswordHash, typed string) (bool, error) {
	if h == core.PasswordHash("new$"+password) && strings.HasPrefix(typed, "guess") {
		g.n.Add(1)
	}
	return g.fast.Verify(h, typed)
}

// person is somebody with a browser that keeps cookies.
type person struct {
	a       *mailApp
	address string
	cookies map[string]string
}

func (a *mailApp) person(address netip.Addr) *person {
	return &person{a, netip.AddrPortFrom(address, 1).String(), map[string]string{}}
}

// logIn returns the status of a login at a backend.
func (p *person) logIn(backend, email, password string) int {
	form := url.Values{"username": {email}, "password": {password}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "/auth/"+backend+"/login", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = p.address
	for name, value := range p.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	p.a.mux.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		p.cookies[c.Name] = c.Value
	}
	return w.Code
}

// With 100 networks, for a month, somebody can neither keep a user out of a
// known browser nor compare more passwords than the limits say, with one reset
// in between: that of the user, who comes with a new browser.
func TestAttackQ02AMonthFromManyNetworks(t *testing.T) {
	t.Parallel()
	var compared atomic.Int64
	a := newMailApp(t, maillogin.Flow{}, func(_ *mailApp, o *latchkey.Options[Member]) {
		o.Hashers = []core.Hasher{guessed{"new", &compared}}
		o.Flows = append(o.Flows, reset.Flow{})
	})
	ada := a.member("ada@example.org")
	var crowd []*person
	for i := range 100 {
		crowd = append(crowd, a.person(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})))
	}
	owner, begin := a.person(netip.MustParseAddr("192.0.2.1")), a.clock.Now()
	if got := owner.logIn("web", ada.Email, password); got != 204 {
		t.Fatalf("the first login: %d", got)
	}
	attempts, day, since := 0, 0, int64(0) // since: compared at the reset
	for a.clock.Now().Sub(begin) < 30*24*time.Hour {
		for range 7 {
			attempts++
			backend := both[attempts%2]
			if got := crowd[attempts%100].logIn(backend, ada.Email, fmt.Sprint("guess ", attempts)); got != 400 && got != 429 {
				t.Fatalf("guess %d: %d", attempts, got)
			}
		}
		step := time.Hour
		if day < 2 {
			step = 5 * time.Minute
		}
		a.clock.Advance(step)
		if int(a.clock.Now().Sub(begin)/(24*time.Hour)) == day {
			continue
		}
		day++
		if n := compared.Load() - since; n > min(int64(50*day), 100) {
			t.Fatalf("%d guesses were compared by day %d", n, day)
		}
		if got := owner.logIn("web", ada.Email, "a typing error"); got != 400 {
			t.Errorf("day %d: a typing error is answered %d", day, got)
		}
		if got := owner.logIn("web", ada.Email, password); got != 204 {
			t.Errorf("day %d: the owner is kept out, %d", day, got)
		}
		if day == 15 {
			a.renewPassword(ada)
			since = compared.Load()
			owner = a.person(netip.MustParseAddr("192.0.2.2"))
			if got := owner.logIn("web", ada.Email, password); got != 204 {
				t.Errorf("a new browser after a reset: %d", got)
			}
		}
	}
	if n := compared.Load(); n < 150 || n > 200 {
		t.Errorf("%d guesses were compared in a month with one reset, want at most 200", n)
	}
}

// renewPassword replaces a password by the link of a mail, with the same one.
func (a *mailApp) renewPassword(u *Member) {
	a.t.Helper()
	m := a.Manager()
	if err := m.ForgotPassword(a.t.Context(), u.Email); err != nil {
		a.t.Fatal(err)
	}
	mails := a.mailed()
	if _, err := m.ResetPassword(a.t.Context(), mails[len(mails)-1].Token, password); err != nil {
		a.t.Fatal(err)
	}
}
