package proofs_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/pages"
	"github.com/latchkey-go/latchkey/providers/localprovider"
)

// cell is one way to log in.
type cell struct{ first, second, backend, form string }

// cookie is the name of a backend's cookie; "" where there is none.
func cookieName(backend string) string {
	return map[string]string{"cookie": harness.CookieName, "spa": "__Host-spa"}[backend]
}

// The table's axes. The provider is the local one; the card is another
// project's factor.
var (
	firsts  = []string{"password", "provider", "mail", "passkey"}
	seconds = []string{core.MethodTOTP, core.MethodRecovery, core.MethodPasskey, core.MethodEmail, "card"}
	forms   = []string{"JSON", "pages", "redirect"}
)

// cells are all of them.
func cells(backends ...string) (all []cell) {
	for _, first := range firsts {
		for _, second := range seconds {
			for _, backend := range backends {
				for _, form := range forms {
					all = append(all, cell{first, second, backend, form})
				}
			}
		}
	}
	return all
}

// String is the name of the cell's test.
func (c cell) String() string {
	return fmt.Sprintf("M05 %s then %s at %s by %s", c.first, c.second, c.backend, c.form)
}

// none is why there is no such login; "" where there is.
func (c cell) none() string {
	switch {
	case c.form == "redirect" && c.first != "provider":
		return "nobody but a provider sends a browser back"
	case c.form == "pages" && c.backend != "cookie":
		return "pages are for browsers, which send cookies"
	case c.form == "pages" && (c.first == "passkey" || c.second == core.MethodPasskey):
		return "a passkey in pages needs a script, which this client does not run"
	}
	return ""
}

// spared is why the second proof is not asked for; "" where it is.
func (c cell) spared() string {
	switch {
	case c.first == "passkey":
		return "a passkey that has verified its user is strong by itself"
	case c.second == core.MethodEmail && c.first != "password":
		return "a mailbox and an account at a provider are both accounts elsewhere: the mail would prove nothing new"
	}
	return ""
}

// origin is the table's application, to which the local provider sends
// browsers back; its requests go to the server of the test.
const origin = "http://localhost:8080"

// table is the application in which the table runs.
type table struct {
	*app
	local *localprovider.Provider
}

func newTable(t *testing.T, p harness.Place, more ...func(*harness.App, *harness.Options)) *table {
	t.Helper()
	local, err := localprovider.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Close() })
	client, err1 := local.Client()
	site, err2 := pages.New(pages.Options{App: "Acme"})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	a := newApp(t, p, func(a *harness.App, o *harness.Options) {
		social, err := oauth.New(oauth.Options{
			Accounts: a.Stores.Accounts, Secret: harness.Secret,
			Providers: []oauth.Provider{{Provider: client, VerifiedByDefault: true, AssociateByEmail: true}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var others []core.Flow // but for those of the provider acme
		for _, f := range o.Flows {
			if name := f.Name(); !strings.HasPrefix(name, "oauth") && name != "exchange" && name != "accounts" {
				others = append(others, f)
			}
		}
		for _, change := range more {
			change(a, o)
		}
		o.BaseURL, o.Flows = origin, pages.Links("/site", append(append(others, social.Flows()...), site)...)
	})
	x := &table{a, local}
	a.Serve(t, func(r harness.Router) {
		for _, backend := range a.WithLogins() {
			r.Mount("/auth/"+backend+"/local", a.OAuth("local", backend))
			r.Mount("/auth/"+backend, a.Exchange(backend))
		}
		r.Mount("", a.Flow("secrets"))
		r.Mount("/site", a.Pages("cookie"))
	})
	return x
}

// TestAttackTable is the table: each login works with both proofs, and nothing
// opens with the first alone.
func TestAttackTable(t *testing.T) {
	for _, p := range places[:long.Count(2, len(places))] {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			x := newTable(t, p)
			ran, spared := 0, 0
			for _, c := range cells(harness.Backends...) {
				if c.none() != "" {
					continue
				}
				ran++
				if c.spared() != "" {
					spared++
				}
				t.Run(c.String(), func(t *testing.T) { x.try(t, c) })
			}
			if ran != 87 || spared != 26 {
				t.Errorf("%d cells ran, %d of them without a second proof", ran, spared)
			}
		})
	}
}

// visitor is who logs in, in one cell.
type visitor struct {
	*person
	cell
	x       *table
	browser *pagewalk.Browser // of pages
	pending string
	last    harness.Answer // that has logged in, but in pages
}

// try returns who has logged in, and whether it was by two proofs.
func (x *table) try(t *testing.T, c cell) (v *visitor, strong bool) {
	v = &visitor{person: x.equipped(t, c), cell: c, x: x}
	v.browser = pagewalk.NewBrowser(t, x.send, "/site")
	in, got := v.proveFirst(t)
	if c.spared() != "" {
		if in == nil {
			t.Fatalf("it is asked for: %d %s", got.Status, got.Body)
		}
		x.Want(t, "GET /users/me 200", in)
		x.PendingTicket(t, c.backend, v.Account) // a password alone is not spared it
		return v, false
	}
	if in != nil || v.pending == "" {
		t.Fatalf("it is not asked for: %d %s %v", got.Status, got.Body, got.Header)
	}
	v.skips(t)
	if in = v.proveSecond(t); in == nil {
		t.Fatal("it does not log in")
	}
	x.Want(t, "GET /users/me 200", in).WantUser(t, v.Account)
	x.Want(t, "GET /strong 200", in)
	return v, true
}

// equipped is a user who has what the cell needs.
func (x *table) equipped(t *testing.T, c cell) *person {
	t.Helper()
	p := x.person(t)
	if c.first == "passkey" || c.second == core.MethodPasskey {
		p.device = newDevice()
		p.device.rp.ID, p.device.rp.Origin = "localhost", origin
		p.register(t, p.device)
	}
	switch c.second {
	case core.MethodTOTP, core.MethodRecovery:
		p.addApp(t)
	case core.MethodPasskey:
		p.locks(t)
	case core.MethodEmail:
		x.EditStored(t, p.Account, called(mailed))
		p.FullName = mailed
	case "card":
		p.getCard(t)
	}
	return p
}

// skips tries what the first proof alone may open, which is nothing.
func (v *visitor) skips(t *testing.T) {
	t.Helper()
	held := harness.Header("Cookie", harness.CookieName+"-pending="+v.pending+"; __Host-spa-pending="+v.pending)
	for what, in := range map[string]harness.Option{
		"nothing": harness.All(), "the secret as a token": harness.Bearer(v.pending),
		"the secret as a session": harness.Credential("cookie", v.pending), "the cookie of what waits": held,
	} {
		for _, line := range []string{"GET /users/me", "GET /strong", "PATCH /users/me", "DELETE /auth/sessions"} {
			method, path, _ := strings.Cut(line, " ")
			if got := v.x.Send(t, method, path, in, with()); got.Status != http.StatusUnauthorized {
				t.Errorf("%s opens %s: %d %s", what, line, got.Status, got.Body)
			}
		}
	}
	for _, other := range v.x.WithLogins() {
		if other == v.backend {
			continue
		}
		if got := v.secondAt(t, other, v.pending); got.Outcome() != "400 "+core.CodeLoginBadCredentials {
			t.Errorf("at the backend %s: %d %s", other, got.Status, got.Body)
		}
	}
	if v.form == "pages" {
		v.browser.Get("/account").Follow().Want(http.StatusOK, "Log in")
	}
}

// send answers the requests of a browser.
func (x *table) send(r *http.Request) (*http.Response, error) {
	r.RequestURI = ""
	r.URL.Scheme, r.URL.Host, _ = strings.Cut(x.URL, "://")
	return http.DefaultTransport.RoundTrip(r)
}
