package latchkey_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// wrapped is a transport that hides the optional interfaces of another from
// type assertions, not from core.As.
type wrapped struct{ core.Transport }

func (w wrapped) Unwrap() any { return w.Transport }

func TestADecoratedTransportChallenges(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(o *latchkey.Options[Member]) {
		o.Backends[0].Transport = wrapped{bearer.New(bearer.Options{})}
	})
	got := a.want("GET", "/active", "", "", 401, "Unauthorized")
	if challenge := got.header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer") {
		t.Errorf("the challenge is %q, want Bearer's", challenge)
	}
}

// A browser's pending login is held in a cookie, and goes on by it.
func TestADecoratedTransportHoldsThePendingLogin(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(o *latchkey.Options[Member]) {
		cookies, err := cookie.New(cookie.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.Backends[0].Transport = wrapped{cookies}
		o.Flows = append(o.Flows, secondFactor{})
	})
	a.register("ada@example.org")
	first := a.login("ada@example.org", password)
	held := first.header["Set-Cookie"]
	if first.status != 403 || len(held) != 1 {
		t.Fatalf("got %d with the cookies %q, want 403 and one that holds the pending login", first.status, held)
	}
	pending, _, _ := strings.Cut(held[0], ";")
	r, err := http.NewRequest("POST", a.url+"/auth/web/second", strings.NewReader(`{"code": "123456"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", pending)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n := len(resp.Header["Set-Cookie"]); resp.StatusCode >= 300 || n != 3 {
		t.Errorf("got %d with %d cookies, want a login's, a known browser's, and the pending one's end", resp.StatusCode, n)
	}
}
