package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// attack is a row under another name, which begins with the case's id in
// docs/attack-cases.md. Every test of attacks has a legitimate twin that must
// succeed, so that refusing everything fails it.
func (a *app) attack(t *testing.T, name, line string, with ...option) (got answer) {
	t.Helper()
	t.Run(name, func(t *testing.T) { got = a.want(t, line, with...) })
	return got
}

// readers are the routes that read a body; id fills in the user who is changed
// by the last one.
var readers = []string{
	"POST /auth/jwt/login", "POST /auth/cookie/login", "POST /auth/session/login", "POST /auth/register", "POST /auth/forgot-password",
	"POST /auth/reset-password", "POST /auth/request-verify-token", "POST /auth/verify", "PATCH /users/me", "PATCH /users/{id}",
}

// to sends a request of a line "METHOD /path" and fails if the answer is the
// server's fault, or lacks what every answer has.
func (a *app) to(t *testing.T, route string, with ...option) answer {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	got := a.send(t, method, path, with...)
	if got.status >= 500 {
		t.Errorf("%s: %d %s", route, got.status, got.body)
	}
	got.wantDecent(t, path)
	return got
}

// asBearer presents a token of any kind in an Authorization line.
func asBearer(token string) option { return header("Authorization", "Bearer "+token) }

// state is everything that is kept of users and their sessions, as text to
// compare.
func (a *app) state(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	cursor, more := "", true
	for more {
		page, next, err := a.kept.users.List(t.Context(), core.Query{Cursor: cursor, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			fmt.Fprintf(&b, "%+v %s\n", *u, string(u.HashedPassword))
			living, err := a.kept.sessions.List(t.Context(), u.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range living {
				fmt.Fprintf(&b, "\t%+v\n", *s)
			}
		}
		cursor, more = next, next != ""
	}
	return b.String()
}

// edit changes a stored user behind the application's back.
func (a *app) edit(t *testing.T, u *Account, change func(*Account)) {
	t.Helper()
	if _, err := a.kept.users.Update(t.Context(), u.ID, func(u *Account) error { change(u); return nil }); err != nil {
		t.Fatal(err)
	}
}

// per keeps something for each of a test's applications: made while its options
// are changed, asked in the test.
type per[T any] struct{ sync.Map }

func (p *per[T]) of(a *app) *T {
	kept, _ := p.LoadOrStore(a, new(T))
	return kept.(*T)
}

// ledger keeps the names of calls that reach the stores.
type ledger struct {
	mu    sync.Mutex
	calls []string
}

func (l *ledger) add(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
}

// take returns what was noted since it was asked last.
func (l *ledger) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

// journal is a log at debug level, kept as text.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// secondFactor is a flow that asks those whose name is enrolled for the code
// 123456.
type secondFactor struct{ tried func() }

const enrolled = "Has a second factor"

func (secondFactor) Name() string     { return "second" }
func (secondFactor) PerBackend() bool { return true }
func (secondFactor) Method() string   { return "second" }
func (secondFactor) Asks(_ context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	return u.(*Account).FullName == enrolled && done[len(done)-1].Method != "second", nil
}
func (f secondFactor) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "second:" + svc.Backend.Name + ".prove", Method: http.MethodPost, Pattern: "/second", Public: true,
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if err != nil {
				return nil, err
			}
			pending, _ := in.Required("pending")
			admission, err := svc.Gate.Continue(ctx, pending, r, func(context.Context, core.AnyUser) (core.Proof, error) {
				if f.tried != nil {
					f.tried()
				}
				if code, _ := in.Required("code"); code != "123456" {
					return core.Proof{}, core.Refuse("WRONG_CODE")
				}
				return core.Proof{Method: "second", At: svc.Env.Now()}, nil
			})
			return admission.Answer, err
		},
	}}, nil
}

// withSecondFactor adds the flow; serveSecondFactor mounts it.
func withSecondFactor(_ *app, o *options) { o.Flows = append(o.Flows, secondFactor{}) }

func (a *app) serveSecondFactor(t *testing.T) {
	a.serve(t, func(r router) {
		for _, backend := range backends {
			r.mount("/auth/"+backend, a.Flow("second", backend))
		}
	})
}

// pending logs an enrolled user in, as far as the first proof goes, and gives
// the ticket.
func (a *app) pending(t *testing.T, backend string, u *Account) string {
	t.Helper()
	got := a.send(t, "POST", "/auth/"+backend+"/login", form("username", u.Email, "password", password))
	detail, _ := got.member(t, "detail").(object)
	ticket, _ := detail["pending"].(string)
	if got.status != 403 || detail["code"] != core.CodeLoginFactorRequired || len(ticket) != core.SecretLen {
		t.Fatalf("got %d %s, want a pending ticket", got.status, got.body)
	}
	return ticket
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
