package passkey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// New says everything that is wrong with the options at once.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]passkey.Options{
		"Options.Secret":       {},
		"at least 32":          {Secret: authtest.Secret()[:31]},
		"a pattern":            {Secret: bytes.Repeat([]byte{1, 2}, 16)},
		"a well-known word":    {Secret: []byte("please change this secret of ours")},
		"Options.RPID":         {Secret: authtest.Secret(), RPID: "https://example.org"},
		"in lower case":        {Secret: authtest.Secret(), RPID: "Example.org"},
		"Options.Verification": {Secret: authtest.Secret(), Verification: "discouraged"},
		"Options.MaxPerUser":   {Secret: authtest.Secret(), MaxPerUser: -1},
		"Options.Lifetime":     {Secret: authtest.Secret(), Lifetime: time.Millisecond},
		"Options.Requests":     {Secret: authtest.Secret(), Requests: core.Limit{Events: 1}},
	} {
		if _, err := passkey.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want …%s…, got %v", want, err)
		}
	}
	_, err := passkey.New(passkey.Options{RPID: "a b", Lifetime: 24 * time.Hour})
	for _, part := range []string{"Secret", "RPID", "Lifetime"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("the error lacks %s: %v", part, err)
		}
	}
	if _, err := passkey.New(passkey.Options{Secret: authtest.Secret()}); err != nil {
		t.Error(err)
	}
}

// latchkey.New says what the application lacks, and which origin is no page of
// the RP ID.
func TestApplicationsThatCannotWork(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		o      passkey.Options
		change func(*latchkey.Options[member])
	}{
		"Options.Credentials":                              {change: func(o *latchkey.Options[member]) { o.Credentials = nil }},
		"Options.Tickets":                                  {change: func(o *latchkey.Options[member]) { o.Tickets = nil }},
		"Options.BaseURL":                                  {change: func(o *latchkey.Options[member]) { o.BaseURL = "" }},
		"is not below the RPID example.com":                {o: passkey.Options{RPID: "example.com"}},
		"https://example.org is not below":                 {o: passkey.Options{Origins: []string{"https://example.org"}}},
		"https://evilapp.example.org is not below":         {o: passkey.Options{Origins: []string{"https://evilapp.example.org"}}},
		`"https://www.app.example.org/" must be an origin`: {o: passkey.Options{Origins: []string{"https://www.app.example.org/"}}},
		`"app.example.org" must be an origin`:              {o: passkey.Options{Origins: []string{"app.example.org"}}},
		"the RPID \"app.example.org\" and its origins: ":   {o: passkey.Options{AppOrigins: []string{"com.example.app"}}},
		"the RPID \"192.0.2.1\" and its origins: ":         {change: func(o *latchkey.Options[member]) { o.BaseURL = "https://192.0.2.1" }},
		"":   {},
		" ":  {o: passkey.Options{RPID: "example.org", Origins: []string{"https://www.example.org"}}},
		"  ": {o: passkey.Options{AppOrigins: []string{"android:apk-key-hash:yes", "https://example.net"}}},
	} {
		c.o.Secret = authtest.Secret()
		keys, err := passkey.New(c.o)
		if err != nil {
			t.Fatal(err)
		}
		o := authtest.Options(t, latchkey.Options[member]{Flows: []latchkey.Flow{keys}})
		if c.change != nil {
			c.change(&o)
		}
		_, err = latchkey.New(memstore.NewUsers[member](), o)
		if good := strings.TrimSpace(want) == ""; good != (err == nil) || !good && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestAttackL11: options print none of their secret.
func TestAttackL11OptionsPrintNoSecret(t *testing.T) {
	t.Parallel()
	o := passkey.Options{Secret: []byte("kuJ3c0QhVnDx7RwZ1eYtLm9bGs4aPf6i")}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "options", o, "pointer", &o)
	text, err := json.Marshal(map[string]any{"options": o})
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %x %v", o, o, o, o, o, &o) + log.String() + string(text)
	for _, part := range []string{string(o.Secret), fmt.Sprintf("%x", o.Secret), fmt.Sprint(o.Secret)} {
		if strings.Contains(printed, part) {
			t.Errorf("printed: %s", printed)
		}
	}
	if !strings.Contains(printed, "[passkey options]") {
		t.Error("nothing is printed")
	}
}

// Another RP ID than the base URL's host, and applications of a telephone.
func TestOriginsOfAnApplication(t *testing.T) {
	t.Parallel()
	const phone = "android:apk-key-hash:kR2nLd1Pd0-xyz"
	a := newApp(t, passkey.Options{
		RPID: "example.org", Origins: []string{"https://example.org"}, AppOrigins: []string{phone, "https://example.net"},
	}, nil)
	_, k := a.registered()
	for from, code := range map[string]string{
		origin: "", "https://example.org": "", phone: "", "https://example.net": "",
		"https://www.example.org": core.CodePasskeyRefused, strings.ToLower(phone): core.CodePasskeyRefused,
		"https://sub.example.net": core.CodePasskeyRefused,
	} {
		k.origin = from
		a.wantLogin(from, k, code)
	}
}

// Verification Preferred takes presence alone for one proof.
func TestPreferred(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{Verification: passkey.Preferred}, nil)
	u := a.user()
	k := newAuthenticator(t)
	k.flags = flagUP
	a.register(authtest.As(t, a.Auth, "web", u), "web", k)
	c, w := a.loginBy("api", k)
	if w.Code != 200 || a.allows(c, "/strong") || a.allows(c, "/passkey-just-now") {
		t.Errorf("presence: %d %s, strong %t", w.Code, w.Body, a.allows(c, "/strong"))
	}
	k.flags |= flagUV
	if c, w = a.loginBy("api", k); w.Code != 200 || !a.allows(c, "/strong") {
		t.Errorf("verified: %d %s", w.Code, w.Body)
	}
}
