package resolve_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/resolve"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// header is a transport that reads a token from a header of its name. The token
// "twice" is a duplicate.
type header string

func (name header) Extract(h core.Head) (string, error) {
	switch lines := h.Lines(string(name)); {
	case len(lines) == 0:
		return "", core.ErrNoCredential
	case lines[0] == "twice":
		return "", &core.Error{Status: http.StatusBadRequest, Code: core.CodeDuplicateCredentials}
	case lines[0] == "foreign" && h.Method() != http.MethodGet:
		return "", &core.Error{Status: http.StatusForbidden, Code: core.CodeCrossOriginRefused}
	default:
		return lines[0], nil
	}
}
func (header) Protect(core.Head) error           { return nil }
func (header) Attach(*core.Response, core.Token) {}
func (header) Clear(*core.Response)              {}
func (header) Scheme() json.RawMessage           { return nil }
func (header) Challenge(presented bool) string {
	return map[bool]string{false: "Bearer", true: "Bearer error"}[presented]
}
func (header) ChallengeProof(time.Duration, []string) string { return "Bearer proof" }

// sessions is a strategy that maps tokens to sessions, or to errors.
type sessions map[string]any

func (sessions) Issue(context.Context, core.Login) (core.Token, error) { return core.Token{}, nil }
func (sessions) Revoke(context.Context, *core.Session) error           { return nil }
func (s sessions) Verify(_ context.Context, token string) (core.Found, error) {
	switch known := s[token].(type) {
	case *core.Session:
		return core.Found{Session: known}, nil
	case error:
		return core.Found{}, known
	}
	return core.Found{}, core.ErrNoCredential
}

// rechecked is a strategy whose sessions may be newer than their tokens say.
type rechecked struct {
	sessions
	now map[string]any // by session ID
}

func (s rechecked) Recheck(ctx context.Context, old *core.Session) (core.Found, error) {
	return sessions(s.now).Verify(ctx, old.ID)
}

// head is a request of these headers.
type head map[string]string

func (head) Method() string { return http.MethodGet }
func (head) Host() string   { return "app.example.org" }
func (h head) Lines(name string) []string {
	if value, there := h[name]; there {
		return []string{value}
	}
	return nil
}

// epochs are those that users have, and errDown.
type epochs map[string]int64

func (e epochs) Epoch(_ context.Context, id string) (int64, error) {
	if epoch, there := e[id]; there {
		return epoch, nil
	}
	return 0, core.ErrNotFound
}

var errDown = errors.New("connection refused")

// broken are users whose store is down.
type broken struct{ core.Users }

func (broken) Find(context.Context, core.Key) (core.AnyUser, error) { return nil, errDown }

type world struct {
	resolve.Resolver
	ada *servicetest.Account
	*servicetest.Services
}

// newWorld has the backends "web", "keys" and "rechecked", each with a header
// of its name, and ada, whose epoch is 2.
func newWorld(t *testing.T) *world {
	t.Helper()
	s := servicetest.New(t)
	ada := s.Add("ada@example.org", "a password of ada's")
	s.Set(ada.ID, func(u *servicetest.Account) { u.TokenEpoch = 2 })
	at := func(backend string, epoch int64) *core.Session {
		return &core.Session{ID: backend, UserID: ada.ID, Backend: backend, Epoch: epoch,
			Proofs: []core.Proof{{Method: core.MethodPassword, At: s.Now().Add(-time.Minute)}}}
	}
	ended := &core.Session{ID: "ended", UserID: ada.ID, Backend: "rechecked", Epoch: 1}
	gone := &core.Session{ID: "gone", UserID: "nobody", Backend: "web"}
	few := at("keys", core.AnyEpoch)
	few.Scopes = []string{"read"}
	w := &world{ada: ada, Services: s}
	w.Resolver = resolve.Resolver{
		Users: s.Store, Epochs: epochs{ada.ID: 2}, Fresh: epochs{ada.ID: 2}, Now: s.Now,
		Backends: []core.Backend{
			{Name: "web", Transport: header("Web"), Strategy: sessions{
				"good": at("web", 2), "old": at("web", 1), "another's": at("keys", 2), "gone": gone, "bad": core.ErrInvalid, "down": errDown,
				"limited": core.RateLimited(time.Minute),
			}},
			{Name: "keys", Transport: header("Keys"), Strategy: sessions{"any": at("keys", core.AnyEpoch), "few": few, "bad": core.ErrInvalid}},
			{Name: "rechecked", Transport: header("Rechecked"), Strategy: rechecked{
				sessions{"carried": at("rechecked", 1), "ended": ended},
				map[string]any{"rechecked": at("rechecked", 2), "ended": core.ErrInvalid},
			}},
		},
	}
	return w
}

// answer is who is let in, or the status and code of the refusal.
func answer(ctx context.Context, err error) string {
	var refusal *core.Error
	switch {
	case errors.As(err, &refusal):
		return strings.TrimSpace(http.StatusText(refusal.Status) + " " + refusal.Code)
	case err != nil:
		return err.Error()
	}
	c := core.CurrentFrom(ctx)
	switch {
	case c == nil:
		return "nobody"
	case c.User == nil:
		return c.Session.Backend + " alone"
	}
	return c.Session.Backend
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	const unauthorized, unavailable = "Unauthorized", "Service Unavailable SERVICE_UNAVAILABLE"
	for name, c := range map[string]struct {
		head                    head
		required, optional, ids string // ids: under SessionOnly
	}{
		"none":                          {head{}, unauthorized, "nobody", unauthorized},
		"a good one":                    {head{"Web": "good"}, "web", "web", "web alone"},
		"one of no backend":             {head{"Web": "made up"}, unauthorized, "nobody", unauthorized},
		"a bad one":                     {head{"Web": "bad"}, unauthorized, "nobody", unauthorized},
		"of an epoch that is over":      {head{"Web": "old"}, unauthorized, "nobody", unauthorized},
		"of an epoch that was raised":   {head{"Rechecked": "carried"}, "rechecked", "rechecked", "rechecked alone"},
		"ended since":                   {head{"Rechecked": "ended"}, unauthorized, "nobody", unauthorized},
		"of any epoch":                  {head{"Keys": "any"}, "keys", "keys", "keys alone"},
		"a session of another backend":  {head{"Web": "another's"}, unauthorized, "nobody", unauthorized},
		"of a user who is gone":         {head{"Web": "gone"}, unauthorized, "nobody", unauthorized},
		"a store that is down":          {head{"Web": "down"}, unavailable, unavailable, unavailable},
		"a strategy's own limit":        {head{"Web": "limited"}, "Too Many Requests RATE_LIMITED", "Too Many Requests RATE_LIMITED", "Too Many Requests RATE_LIMITED"},
		"the first that vouches":        {head{"Web": "good", "Keys": "any"}, "web", "web", "web alone"},
		"a bad one before a good one":   {head{"Web": "bad", "Keys": "any"}, "keys", "keys", "keys alone"},
		"a store down, a good one next": {head{"Web": "down", "Keys": "any"}, "keys", "keys", "keys alone"},
		"a limit, and a store down":     {head{"Web": "limited", "Rechecked": "ended"}, "Too Many Requests RATE_LIMITED", "Too Many Requests RATE_LIMITED", "Too Many Requests RATE_LIMITED"},
		"a duplicate after a good one":  {head{"Web": "good", "Keys": "twice"}, "web", "web", "web alone"},
		"a duplicate before a good one": {head{"Web": "twice", "Keys": "any"}, "Bad Request DUPLICATE_CREDENTIALS", "Bad Request DUPLICATE_CREDENTIALS", "Bad Request DUPLICATE_CREDENTIALS"},
		"few rights":                    {head{"Keys": "few"}, "Forbidden INSUFFICIENT_SCOPE", "Forbidden INSUFFICIENT_SCOPE", "Forbidden INSUFFICIENT_SCOPE"},
	} {
		w := newWorld(t)
		for kind, try := range map[string]struct {
			who  func(context.Context, core.Head) (context.Context, error)
			want string
		}{
			"required": {w.Compile(false), c.required}, "optional": {w.Compile(true), c.optional},
			"session only": {w.Compile(false, core.SessionOnly), c.ids},
		} {
			if got := answer(try.who(t.Context(), c.head)); got != try.want {
				t.Errorf("%s, %s: got %s, want %s", name, kind, got, try.want)
			}
		}
	}
}

// An epoch in memory may be older than the truth; a blocked user is not.
func TestUsersWhoMayNotLogIn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*servicetest.Account){
		"inactive":  func(u *servicetest.Account) { u.IsActive = false },
		"suspended": func(u *servicetest.Account) { u.SuspendedUntil = servicetest.Start.Add(time.Second) },
	} {
		w := newWorld(t)
		w.Set(w.ada.ID, change)
		for _, h := range []head{{"Web": "good"}, {"Keys": "any"}, {"Rechecked": "carried"}} {
			if got := answer(w.Compile(false)(t.Context(), h)); got != "Unauthorized" {
				t.Errorf("%s, %v: got %s", name, h, got)
			}
		}
		// A key outlives epochs, so SessionOnly loads its user.
		if got := answer(w.Compile(false, core.SessionOnly)(t.Context(), head{"Keys": "any"})); got != "Unauthorized" {
			t.Errorf("%s, a key under SessionOnly: got %s", name, got)
		}
	}
	w := newWorld(t)
	w.Set(w.ada.ID, func(u *servicetest.Account) { u.SuspendedUntil = servicetest.Start })
	if got := answer(w.Compile(false)(t.Context(), head{"Web": "good"})); got != "web" {
		t.Errorf("once a suspension is over: got %s", got)
	}
}

func TestAUserStoreThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Resolver.Users = broken{}
	for _, optional := range []bool{false, true} {
		got := answer(w.Compile(optional)(t.Context(), head{"Web": "good"}))
		if !strings.HasPrefix(got, "Service Unavailable") {
			t.Errorf("optional %t: got %s", optional, got)
		}
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	refuse := func(err error) core.Guard {
		return core.Guard{Name: "refusing", Check: func(context.Context, *core.Current) error { return err }}
	}
	byRequest := core.Guard{Name: "by request", CheckRequest: func(_ context.Context, h core.Head, _ *core.Current) error {
		if h.Lines("Org") == nil {
			return core.Forbidden()
		}
		return nil
	}}
	for name, c := range map[string]struct {
		guards             []core.Guard
		head               head
		required, optional string
	}{
		"a plain refusal":         {[]core.Guard{refuse(core.Forbidden())}, head{"Web": "good"}, "Forbidden", "nobody"},
		"a refusal with a code":   {[]core.Guard{refuse(core.Refuse("CLOSED"))}, head{"Web": "good"}, "Bad Request CLOSED", "Bad Request CLOSED"},
		"a check that fails":      {[]core.Guard{refuse(errDown)}, head{"Web": "good"}, "Service Unavailable SERVICE_UNAVAILABLE", "Service Unavailable SERVICE_UNAVAILABLE"},
		"a fresh login":           {[]core.Guard{core.Fresh(time.Minute)}, head{"Web": "good"}, "web", "web"},
		"a login that is too old": {[]core.Guard{core.Fresh(time.Second)}, head{"Web": "good"}, "Forbidden PROOF_REQUIRED", "nobody"},
		"another method":          {[]core.Guard{core.ProvedBy(0, "totp")}, head{"Web": "good"}, "Forbidden PROOF_REQUIRED", "nobody"},
		"the backend of Via":      {[]core.Guard{core.Via("keys")}, head{"Web": "good", "Keys": "any"}, "keys", "keys"},
		"none of Via":             {[]core.Guard{core.Via("keys")}, head{"Web": "good"}, "Unauthorized", "nobody"},
		"by the request":          {[]core.Guard{byRequest}, head{"Web": "good", "Org": "acme"}, "web", "web"},
		"not by the request":      {[]core.Guard{byRequest}, head{"Web": "good"}, "Forbidden", "nobody"},
		"the scope":               {[]core.Guard{core.Scope("read")}, head{"Keys": "few"}, "keys", "keys"},
		"two scopes, one lacks":   {[]core.Guard{core.Scope("read"), core.Scope("write")}, head{"Keys": "few"}, "Forbidden INSUFFICIENT_SCOPE", "Forbidden INSUFFICIENT_SCOPE"},
		"another origin":          {[]core.Guard{{Name: "own", OwnOrigin: true}}, head{"Web": "foreign"}, "Forbidden CROSS_ORIGIN_REFUSED", "Forbidden CROSS_ORIGIN_REFUSED"},
	} {
		w := newWorld(t)
		for optional, want := range map[bool]string{false: c.required, true: c.optional} {
			if got := answer(w.Compile(optional, c.guards...)(t.Context(), c.head)); got != want {
				t.Errorf("%s, optional %t: got %s, want %s", name, optional, got, want)
			}
		}
	}
}

// Challenges say which credentials would do, and name a proof at the caller's
// own backend alone.
func TestChallenges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		who  func(context.Context, core.Head) (context.Context, error)
		head head
		want []string
	}{
		"nothing was shown":    {w.Compile(false), head{}, []string{"Bearer"}},
		"something bad was":    {w.Compile(false), head{"Web": "bad"}, []string{"Bearer error"}},
		"a proof is too old":   {w.Compile(false, core.Fresh(time.Second)), head{"Web": "good"}, []string{"Bearer proof"}},
		"a scope is not there": {w.Compile(false, core.Scope("write")), head{"Keys": "few"}, []string{`Bearer error="insufficient_scope", scope="write"`}},
	} {
		_, err := c.who(t.Context(), c.head)
		var refusal *core.Error
		if !errors.As(err, &refusal) || !slices.Equal(refusal.Header["Www-Authenticate"], c.want) {
			t.Errorf("%s: got %v, want the challenges %q", name, err, c.want)
		}
	}
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, want := range map[string]error{"rechecked": nil, "ended": core.ErrInvalid} {
		ask, err := w.Recheck(&core.Current{Session: &core.Session{ID: id, UserID: w.ada.ID, Backend: "rechecked"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := ask(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", id, err, want)
		}
	}
	for name, c := range map[string]*core.Current{
		"nobody": nil, "of no backend": {Session: &core.Session{Backend: "other"}}, "not rechecked": {Session: &core.Session{Backend: "web"}},
	} {
		if _, err := w.Recheck(c); err == nil {
			t.Errorf("%s: Recheck can be asked", name)
		}
	}
	login := func(id string) *core.Current {
		return &core.Current{Session: &core.Session{ID: id, UserID: w.ada.ID, Backend: "rechecked", Epoch: 1}}
	}
	alive, err := w.Alive(t.Context(), login("rechecked"))
	if err != nil || alive.Epoch != 2 {
		t.Errorf("a session that outlived a new password is %+v, %v; want the epoch 2", alive, err)
	}
	_, err = w.Alive(t.Context(), login("ended"))
	if got := answer(t.Context(), err); got != "Unauthorized" {
		t.Errorf("a session that has ended: %s", got)
	}
}

func TestCompilePanicsAtSetUp(t *testing.T) {
	t.Parallel()
	for want, guards := range map[string][]core.Guard{
		"leave no backend":           {core.Via()},
		"names the backend other":    {core.Via("other")},
		"which another guard leaves": {core.Via("web"), core.Via("keys")},
		"verified needs the user":    {core.SessionOnly, core.Verified},
		"has no core.Rechecker":      {core.Streaming},
		"no scope-token":             {core.Scope("a b")},
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, want) {
					t.Errorf("Compile panics with %q, want …%s…", said, want)
				}
			}()
			newWorld(t).Compile(false, guards...)
		}()
	}
	newWorld(t).Compile(false, core.Via("rechecked"), core.Streaming, core.SessionOnly) // which works
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "Options.Epochs") {
			t.Errorf("SessionOnly without epochs panics with %q", said)
		}
	}()
	w := newWorld(t)
	w.Resolver.Epochs = nil
	w.Compile(false, core.SessionOnly)
}
