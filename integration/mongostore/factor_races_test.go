package mongostore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/mongostore"
)

// racing is an application whose users have second factors.
type racing struct {
	*latchkey.Auth[core.User]
	t     *testing.T
	mux   *http.ServeMux
	mails chan core.Mail
	clock *testclock.Clock
}

// Send implements core.Sender.
func (a *racing) Send(_ context.Context, m core.Mail) error {
	a.mails <- m
	return nil
}

func newRacing(t *testing.T) *racing {
	t.Helper()
	a := &racing{
		t: t, mux: http.NewServeMux(), mails: make(chan core.Mail, 8), clock: testclock.New(time.Now().Truncate(time.Second)),
	}
	_, store, us := open[core.User](t, mongostore.Options{Now: a.clock.Now})
	plenty := core.Limit{Events: 100_000, Window: time.Minute}
	mails := maillogin.Flow{SecondFactor: true}
	mails.RequestLimit, mails.AttemptLimit, mails.MailLimit = plenty, plenty, plenty
	var err error
	a.Auth, err = latchkey.New(us, authtest.Options(t, latchkey.Options[core.User]{
		Flows:   []latchkey.Flow{totp.Flow{Attempts: plenty}, recovery.Flow{}, mails},
		Tickets: store.Tickets(), Credentials: store.Credentials(), Limiter: store.Limiter(), Sender: a, Now: a.clock.Now,
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	httpauth.Mount(a.mux, "", a.API())
	return a
}

// post sends a body to a route of the backend api, with a token if it is not
// "".
func (a *racing) post(route, token string, body map[string]any) (status int, answer map[string]any) {
	text, _ := json.Marshal(body)
	r := httptest.NewRequestWithContext(a.t.Context(), http.MethodPost, "https://app.example.org/auth/api"+route,
		strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	a.mux.ServeHTTP(w, r)
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, answer
}

// want is post, of which the status is known.
func (a *racing) want(route, token string, body map[string]any, status int) map[string]any {
	a.t.Helper()
	got, answer := a.post(route, token, body)
	if got != status {
		a.t.Fatalf("%s: %d %v, want %d", route, got, answer, status)
	}
	return answer
}

// crowd is how many present a code at once, and rounds how often. FerretDB's
// updates are not atomic (storetest.NoAtomicUpdates): there one does, once.
func crowd() (uses, rounds int) {
	switch {
	case external == "":
		return 1, 1
	case os.Getenv("LATCHKEY_TEST_LONG") == "1":
		return 64, 100
	}
	return 64, 3
}

// won checks that of many requests at once one is a login.
func (a *racing) won(t *testing.T, route string, body func(i int) map[string]any) {
	t.Helper()
	uses, _ := crowd()
	statuses := make(chan int, uses)
	var all sync.WaitGroup
	for i := range cap(statuses) {
		all.Go(func() {
			status, _ := a.post(route, "", body(i))
			statuses <- status
		})
	}
	all.Wait()
	close(statuses)
	in := 0
	for status := range statuses {
		switch status {
		case http.StatusOK:
			in++
		case http.StatusBadRequest:
		default:
			t.Errorf("%s: one of the others is answered %d", route, status)
		}
	}
	if in != 1 {
		t.Errorf("%s: %d logins by one code", route, in)
	}
}

// waits is a login that waits for a second factor.
func (a *racing) waits(t *testing.T, u *core.User) string {
	t.Helper()
	first := core.Proof{Method: core.MethodPassword, At: a.clock.Now()}
	admission, err := a.Manager().Login(t.Context(), u.ID, "api", nil, first)
	if err != nil || admission.Pending == "" {
		t.Fatalf("a login that waits: %+v, %v", admission, err)
	}
	return admission.Pending
}

// Of many uses of one code at once exactly one is a login, in as many logins
// and in one.
func TestAttackOneUseOfACode(t *testing.T) {
	a := newRacing(t)
	uses, rounds := crowd()
	const password = "analytical engine 1843"
	user := func(name string) *core.User {
		u := &core.User{Email: name + "@example.org", IsActive: true, IsVerified: true}
		if err := a.Manager().Create(t.Context(), u, password); err != nil {
			t.Fatal(err)
		}
		return u
	}
	u := user("ada")
	token := func(answer map[string]any) string { return fmt.Sprint(answer["access_token"]) }
	flow := a.want("/mail-login", "", map[string]any{"email": u.Email}, http.StatusAccepted)["flow"]
	in := token(a.want("/mail-login/confirm", "", map[string]any{"flow": flow, "code": (<-a.mails).Code}, http.StatusOK))
	begun := a.want("/totp/begin", in, nil, http.StatusOK)
	code := func() string {
		a.clock.Advance(30 * time.Second)
		code, err := totp.Code(begun["secret"].(string), a.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	in = token(a.want("/totp/confirm", in, map[string]any{"enrolment": begun["enrolment"], "code": code()}, http.StatusOK))
	spread := func(code string) func(int) map[string]any {
		pending := make([]string, uses)
		for i := range pending {
			pending[i] = a.waits(t, u)
		}
		return func(i int) map[string]any { return map[string]any{"pending": pending[i], "code": code} }
	}
	one := func(code string) func(int) map[string]any {
		body := map[string]any{"pending": a.waits(t, u), "code": code}
		return func(int) map[string]any { return body }
	}
	bea := user("bea")
	for range rounds {
		in = token(a.want("/prove/totp", in, map[string]any{"code": code()}, http.StatusOK))
		codes := a.want("/recovery-codes", in, nil, http.StatusOK)["codes"].([]any)
		t.Run("M01 in as many logins", func(t *testing.T) { a.won(t, "/totp", spread(code())) })
		t.Run("M01 in one login", func(t *testing.T) { a.won(t, "/totp", one(code())) })
		t.Run("M07 in as many logins", func(t *testing.T) { a.won(t, "/recovery", spread(codes[0].(string))) })
		t.Run("M07 in one login", func(t *testing.T) { a.won(t, "/recovery", one(codes[1].(string))) })
		t.Run("M51 of a login by mail", func(t *testing.T) {
			flow := a.want("/mail-login", "", map[string]any{"email": bea.Email}, http.StatusAccepted)["flow"]
			body := map[string]any{"flow": flow, "code": (<-a.mails).Code}
			a.won(t, "/mail-login/confirm", func(int) map[string]any { return body })
		})
		t.Run("M51 in one login", func(t *testing.T) {
			pending := a.waits(t, bea)
			flow := a.want("/mail", "", map[string]any{"pending": pending}, http.StatusAccepted)["flow"]
			body := map[string]any{"pending": pending, "flow": flow, "code": (<-a.mails).Code}
			a.won(t, "/mail/confirm", func(int) map[string]any { return body })
		})
	}
}
