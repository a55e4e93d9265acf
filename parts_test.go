package latchkey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// Member is the user type of these tests.
type Member struct {
	latchkey.User
	Nick    string `json:"nick" auth:"register,update"`
	Credits int    `json:"credits"`
}

// header is the least transport: a header of its own, which no browser attaches
// by itself.
type header struct{}

func (header) Extract(h core.Head) (string, error) {
	if token := core.Line(h, "X-Token"); token != "" {
		return token, nil
	}
	return "", core.ErrNoCredential
}
func (header) Protect(core.Head) error { return nil }
func (header) Attach(resp *core.Response, t core.Token) {
	resp.Status = http.StatusOK
	resp.Body = []byte(`{"token": "` + t.Raw + `"}`)
}
func (header) Clear(resp *core.Response) { resp.Header.Set("Cleared", "yes") }
func (header) Scheme() json.RawMessage   { return json.RawMessage(`{"type": "apiKey"}`) }

// static is the least strategy: the token is the user's ID.
type static struct{}

func (static) Issue(_ context.Context, l core.Login) (core.Token, error) {
	return core.Token{Raw: l.Session.UserID, SessionID: l.Session.UserID}, nil
}
func (static) Verify(_ context.Context, token string) (core.Found, error) {
	return core.Found{Session: &core.Session{ID: token, UserID: token, Backend: "web"}}, nil
}
func (static) Revoke(context.Context, *core.Session) error { return nil }

// secondFactor is a flow that is a factor: it asks everybody for the code
// 123456 at POST /second.
type secondFactor struct{}

func (secondFactor) Name() string     { return "second" }
func (secondFactor) PerBackend() bool { return true }
func (secondFactor) Method() string   { return "second" }
func (secondFactor) Asks(_ context.Context, _ core.AnyUser, done []core.Proof) (bool, error) {
	return done[len(done)-1].Method != "second", nil
}
func (secondFactor) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "second:prove", Method: http.MethodPost, Pattern: "/second", Public: true,
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if err != nil {
				return nil, err
			}
			pending, _ := in.Required("pending")
			code, _ := in.Required("code")
			admission, err := svc.Gate.Continue(ctx, pending, r, func(context.Context, core.AnyUser) (core.Proof, error) {
				switch code {
				case "123456":
					return core.Proof{Method: "second", At: svc.Env.Now()}, nil
				case "store down":
					return core.Proof{}, core.Unavailable(errors.New("the factor's store is down"))
				}
				return core.Proof{}, core.Refuse("WRONG_CODE")
			})
			return admission.Answer, err
		},
	}}, nil
}

// fast is a hasher for tests that are not about hashing: the password itself
// behind the family's name.
type fast string

func (f fast) Hash(password string) (core.PasswordHash, error) {
	if strings.Contains(password, "unhashable") {
		return "", errors.New("this password cannot be hashed")
	}
	return core.PasswordHash(string(f) + "$" + password), nil
}
func (f fast) Knows(h core.PasswordHash) bool { return strings.HasPrefix(string(h), string(f)+"$") }
func (f fast) Verify(h core.PasswordHash, password string) (bool, error) {
	if string(h) == string(f)+"$" {
		return false, errors.New("the hash is truncated")
	}
	return string(h) == string(f)+"$"+password, nil
}
func (f fast) Outdated(core.PasswordHash) bool { return false }

// letters is a Sender that keeps what it is given.
type letters struct {
	mu    sync.Mutex
	mails []core.Mail
}

func (l *letters) Send(_ context.Context, m core.Mail) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mails = append(l.mails, m)
	return nil
}

// app is an application over memstore and a server for it.
type app struct {
	*latchkey.Auth[Member]
	t     *testing.T
	users *memstore.Users[Member]
	mails *letters
	log   *bytes.Buffer
	url   string
}

// newApp makes an application with one session backend "web" over the header
// X-Token; change may change its options.
func newApp(t *testing.T, change func(*latchkey.Options[Member])) *app {
	t.Helper()
	a := &app{t: t, users: memstore.NewUsers[Member](), mails: &letters{}, log: &bytes.Buffer{}}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: sessions}},
		Flows:    []latchkey.Flow{verify.Flow{}, reset.Flow{}},
		Tickets:  memstore.NewTickets(nil),
		Sender:   a.mails,
		BaseURL:  "https://app.example.org",
		Hashers:  []core.Hasher{fast("new"), fast("old")},
		Log:      slog.New(slog.NewTextHandler(&syncWriter{w: a.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	if a.Auth, err = latchkey.New(a.users, o); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/web", a.Login("web"))
	httpauth.Mount(mux, "/auth", a.Register(), a.Verify(), a.Reset(), a.Sessions(), a.Keys())
	httpauth.Mount(mux, "/users", a.Users())
	for _, f := range o.Flows {
		if f.Name() == "second" || f.Name() == "impersonation" {
			httpauth.Mount(mux, "/auth/web", a.Flow(f.Name(), "web"))
		}
	}
	a.routes(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.Close()
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	a.url = server.URL
	return a
}

// routes mounts one handler behind every guard; each answers with the user's
// e-mail, "nobody", or "session".
func (a *app) routes(mux *http.ServeMux) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, session := latchkey.CurrentSession(r.Context())
		switch u, ok := latchkey.CurrentUser[Member](r.Context()); {
		case ok:
			_, _ = io.WriteString(w, u.Email)
		case session:
			_, _ = io.WriteString(w, "session")
		default:
			_, _ = io.WriteString(w, "nobody")
		}
	})
	mux.Handle("/active", httpauth.Require(a)(handler))
	mux.Handle("/actor", httpauth.Require(a)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := latchkey.Actor(r.Context())
		if !ok {
			id = "nobody acts"
		}
		_, _ = io.WriteString(w, id)
	})))
	mux.Handle("/optional", httpauth.Optional(a)(handler))
	mux.Handle("/optional-verified", httpauth.Optional(a, latchkey.Verified)(handler))
	mux.Handle("/verified", httpauth.Require(a, latchkey.Verified)(handler))
	mux.Handle("/superuser", httpauth.Require(a, latchkey.Superuser)(handler))
	mux.Handle("/fresh", httpauth.Require(a, latchkey.Fresh(time.Minute))(handler))
	mux.Handle("/stale", httpauth.Require(a, latchkey.Fresh(0))(handler))
	mux.Handle("/via", httpauth.Require(a, latchkey.Via("web"))(handler))
	mux.Handle("/session-only", httpauth.Require(a, latchkey.SessionOnly)(handler))
	mux.Handle("/checked", httpauth.Require(a, latchkey.Check(func(_ context.Context, m *Member) error {
		switch m.Nick {
		case "broke":
			return latchkey.Refuse("NO_CREDITS")
		case "unknown":
			return errors.New("the billing service cannot be asked")
		}
		return nil
	}))(handler))
}

type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   string
}

// member returns a member of a JSON object.
func (a answer) member(name string) string {
	var m map[string]any
	_ = json.Unmarshal([]byte(a.body), &m)
	s, _ := m[name].(string)
	return s
}

// do sends a request with a JSON body ("" for none) and a token ("" for none).
func (a *app) do(method, path, token, body string) answer {
	a.t.Helper()
	r, err := http.NewRequest(method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("X-Token", token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// want does a request and checks its status and a part of its body.
func (a *app) want(method, path, token, body string, status int, part string) answer {
	a.t.Helper()
	got := a.do(method, path, token, body)
	if got.status != status || !strings.Contains(got.body, part) {
		a.t.Errorf("%s %s %s: got %d %s, want %d …%s…", method, path, body, got.status, got.body, status, part)
	}
	return got
}

const password = "a password of ada's"

// register makes a user and login returns their token.
func (a *app) register(email string) answer {
	a.t.Helper()
	return a.want("POST", "/auth/register", "", `{"email": "`+email+`", "password": "`+password+`"}`, 201, email)
}

func (a *app) login(email, password string) answer {
	a.t.Helper()
	resp, err := http.PostForm(a.url+"/auth/web/login", url.Values{"username": {email}, "password": {password}})
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// mail waits until the queue is empty and returns the last mail of a kind. It
// closes the queue: call it once, at the end.
func (a *app) lastMail(kind string) core.Mail {
	a.t.Helper()
	if err := a.Close(context.Background()); err != nil {
		a.t.Fatal(err)
	}
	for i := len(a.mails.mails) - 1; i >= 0; i-- {
		if a.mails.mails[i].Kind == kind {
			return a.mails.mails[i]
		}
	}
	a.t.Fatalf("no mail of kind %s", kind)
	return core.Mail{}
}
