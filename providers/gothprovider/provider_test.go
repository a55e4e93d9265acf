package gothprovider_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/markbates/goth"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers/gothprovider"
)

const canary = "canary-of-a-secret"

type without struct{ goth.Provider }

func TestNewTellsWhatIsWrong(t *testing.T) {
	named := newStub()
	named.name = "Not A Name"
	panicking := newStub()
	panicking.step, panicking.does = "Name", func() error { panic(canary) }
	for name, c := range map[string]struct {
		provider goth.Provider
		options  gothprovider.Options
		want     string
	}{
		"nil":               {nil, gothprovider.Options{}, "a pointer to a struct"},
		"a nil pointer":     {(*stub)(nil), gothprovider.Options{}, "a pointer to a struct"},
		"no pointer":        {without{newStub()}, gothprovider.Options{}, "a pointer to a struct"},
		"no client":         {&without{newStub()}, gothprovider.Options{}, "HTTPClient"},
		"a promoted client": {&struct{ *stub }{newStub()}, gothprovider.Options{}, "HTTPClient"},
		"the name":          {named, gothprovider.Options{}, "the name must be"},
		"the timeout":       {newStub(), gothprovider.Options{Timeout: -time.Second}, "the timeout is negative"},
		"a panic":           {panicking, gothprovider.Options{}, "panicked"},
	} {
		p, err := gothprovider.New(c.provider, c.options)
		if p != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: New says %v", name, err)
		}
	}
}

func TestBeginKeepsTheProtocolsParameters(t *testing.T) {
	s := newStub()
	p := newProvider(t, s)
	s.SetName("other")
	if p.Name() != "stub" {
		t.Errorf("a later change makes it %q", p.Name())
	}
	for scope, want := range map[string]string{"": "b", "a": "a b", "a b": "a b", "a,c": "a,c,b"} {
		s.authURL = "https://stub.example/authorize?state=old&state=older&code_challenge=x&redirect_uri=y&scope=" +
			url.QueryEscape(scope)
		b := begin()
		b.Scopes = []string{"b"}
		to, err := newProvider(t, s).Begin(t.Context(), b)
		u, parseErr := url.Parse(to)
		if err := errors.Join(err, parseErr); err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if strings.Join(q["state"], " ") != "state" || strings.Join(q["code_challenge"], " ") != "challenge" ||
			q.Get("scope") != want ||
			strings.Join(q["redirect_uri"], " ") != b.RedirectURI {
			t.Errorf("Begin returned %s", to)
		}
	}
	for _, wrong := range []string{"", "http://stub.example/authorize", "/authorize", "javascript:alert(1)"} {
		s.authURL = wrong
		if to, err := newProvider(t, s).Begin(t.Context(), begin()); err == nil {
			t.Errorf("Begin returned %q", to)
		}
	}
}

func TestFinishSendsTheVerifierAndTrustsNoAddress(t *testing.T) {
	calls := &service{}
	p, err := gothprovider.New(newStub(), gothprovider.Options{Transport: calls})
	if err != nil {
		t.Fatal(err)
	}
	who, tokens, err := p.Finish(t.Context(), finish())
	if err != nil || who.Subject != "42" || who.Verified() || who.EmailVerified != nil || tokens.Access != "access" ||
		tokens.Refresh != "r" {
		t.Fatalf("Finish returned %+v (%v)", who, err)
	}
	sent := calls.calls[0]
	if err := sent.ParseForm(); err != nil {
		t.Fatal(err)
	}
	if sent.PostForm.Get("code_verifier") != "verifier" || sent.PostForm.Get("redirect_uri") != finish().RedirectURI {
		t.Errorf("the token endpoint gets %v", sent.PostForm)
	}
}

func TestFinishNeedsAnID(t *testing.T) {
	for _, id := range []string{"", "0"} {
		s := newStub()
		s.user.UserID = id
		if who, _, err := newProvider(t, s).Finish(t.Context(), finish()); err == nil || who.Subject != "" {
			t.Errorf("O31 %q is taken for an id", id)
		}
	}
}

func TestWhatIsTradedWithoutTheVerifierIsNoLogin(t *testing.T) {
	s := newStub()
	s.elsewhere = true
	if _, _, err := newProvider(t, s).Finish(t.Context(), finish()); err == nil ||
		!strings.Contains(err.Error(), "HTTPClient") {
		t.Errorf("O13 a code that is traded without our client: %v", err)
	}
	s.elsewhere = false
	for name, f := range map[string]core.OAuthFinish{
		"no code":         {Verifier: "verifier", RedirectURI: "https://app.example/callback"},
		"no verifier":     {Code: "code", RedirectURI: "https://app.example/callback"},
		"no redirect URI": {Code: "code", Verifier: "verifier"},
	} {
		if _, _, err := newProvider(t, s).Finish(t.Context(), f); err == nil {
			t.Errorf("O13 %s is a login", name)
		}
	}
	f := finish()
	f.Form = url.Values{"code": {"another"}}
	if _, _, err := newProvider(t, s).Finish(t.Context(), f); err != nil {
		t.Errorf("the code of the form is taken (%v)", err)
	}
}

func TestPanicsAndErrorsOfGothAreErrorsWithoutTheirText(t *testing.T) {
	for name, does := range map[string]func() error{
		"a panic": func() error { panic(canary) },
		"nil":     func() error { panic(nil) },
		"Goexit":  func() error { runtime.Goexit(); return nil },
		"error":   func() error { return errors.New(canary) },
	} {
		for _, step := range []string{"BeginAuth", "UnmarshalSession", "Authorize", "FetchUser", "RefreshToken"} {
			s := newStub()
			s.step, s.does = step, does
			p := newProvider(t, s)
			var err error
			switch step {
			case "BeginAuth":
				_, err = p.Begin(t.Context(), begin())
			case "RefreshToken":
				_, err = p.Refresh(t.Context(), "old")
			default:
				_, _, err = p.Finish(t.Context(), finish())
			}
			if err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("O31 %s in %s: %v", name, step, err)
			}
		}
	}
}

func TestAProviderThatHangsGivesControlBack(t *testing.T) {
	t.Run("O28 provider time-out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for timeout, want := range map[time.Duration]time.Duration{0: 10 * time.Second, time.Second: time.Second} {
				s, release := newStub(), make(chan struct{})
				s.step, s.does = "Authorize", func() error { <-release; return nil }
				p, err := gothprovider.New(s, gothprovider.Options{Timeout: timeout, Transport: &service{}})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				_, _, err = p.Finish(t.Context(), finish())
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != want {
					t.Errorf("Finish takes %v: %v", time.Since(start), err)
				}
				close(release)
				synctest.Wait()
			}
		})
	})
}

func TestHTTPIsForLoopbackAlone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	s := newStub()
	s.authURL, s.tokenURL, s.profileURL = server.URL+"/authorize", server.URL+"/token", server.URL+"/me"
	open, err := gothprovider.New(s, gothprovider.Options{InsecureLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Begin(t.Context(), begin()); err != nil {
		t.Error(err)
	}
	if _, _, err := open.Finish(t.Context(), finish()); err != nil {
		t.Error(err)
	}
	if _, _, err := newProvider(t, s).Finish(t.Context(), finish()); err == nil ||
		!strings.Contains(err.Error(), "https") {
		t.Errorf("http by default: %v", err)
	}
	s.tokenURL = "http://192.0.2.1/token"
	elsewhere, err := gothprovider.New(s, gothprovider.Options{InsecureLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := elsewhere.Finish(t.Context(), finish()); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("http elsewhere: %v", err)
	}
}

func TestRefreshIsThatOfProvidersWhichCan(t *testing.T) {
	s := newStub()
	if fresh, err := newProvider(t, s).Refresh(t.Context(), "old"); err != nil || fresh.Access != "fresh" ||
		fresh.Refresh != "" {
		t.Errorf("Refresh returned %q, %q (%v)", fresh.Access, fresh.Refresh, err)
	}
	if _, err := newProvider(t, s).Refresh(t.Context(), ""); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("without a token: %v", err)
	}
	s.calls = true
	for answer, refused := range map[string]bool{`{"error":"invalid_grant"}`: true, `{"error":"invalid_client"}`: false} {
		p, err := gothprovider.New(s, gothprovider.Options{Transport: refusing(answer)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Refresh(t.Context(), "old"); err == nil || errors.Is(err, core.ErrInvalid) != refused {
			t.Errorf("%s: %v", answer, err)
		}
	}
	s.calls, s.renews = false, false
	p := newProvider(t, s)
	if _, err := p.Refresh(t.Context(), "old"); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a provider that cannot: %v", err)
	}
	if _, tokens, err := p.Finish(t.Context(), finish()); err != nil || tokens.Refresh != "" {
		t.Errorf("a refresh token is kept that goth cannot use (%v)", err)
	}
}
