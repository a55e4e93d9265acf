package account_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

// tall are a short limit and a long one.
var tall = account.Guesses{Strangers: []core.Limit{
	{Events: 3, Window: time.Minute}, {Events: 5, Window: 48 * time.Hour},
}}

// noted is a limiter whose calls are noted.
type noted struct {
	core.Limiter
	calls []string
}

func (n *noted) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	n.calls = append(n.calls, "Allow")
	return n.Limiter.Allow(ctx, key, limits...)
}

func (n *noted) Reset(ctx context.Context, key string) error {
	n.calls = append(n.calls, "Reset")
	return n.Limiter.Reset(ctx, key)
}

func (n *noted) Refund(ctx context.Context, key string) error {
	n.calls = append(n.calls, "Refund")
	return n.Limiter.Refund(ctx, key)
}

// A long limit is of a user, so it must not tell that there is one: known and
// unknown identifiers get the same answers, by the same work, whatever is tried
// and for however long.
func TestALongLimitTellsNothing(t *testing.T) {
	t.Parallel()
	answers := map[string][]string{}
	for _, who := range []string{ada, "nobody@example.org"} {
		s := servicetest.New(t)
		s.Add(ada, password)
		n := &noted{Limiter: s.Limiter}
		s.Limiter = n
		flow := account.Login{Guesses: tall}
		for i := range 40 {
			n.calls = nil
			_, err := s.Do(t.Context(), flow, form(who, "guess"))
			var refusal *core.Error
			if !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			answers[who] = append(answers[who], refusal.Code+refusal.Header.Get("Retry-After"))
			answers[who] = append(answers[who], n.calls...)
			if i%4 == 3 {
				s.Advance(time.Minute)
			}
		}
		if who == ada {
			s.Advance(time.Minute)
			s.Want(t.Context(), flow, form(ada, password), 400, core.CodeLoginBadCredentials)
			if e := s.Last(); e.Code != core.CodeRateLimited || e.User == nil || e.User.Base().Email != ada {
				t.Errorf("the application hears %+v", e)
			}
			s.Advance(48 * time.Hour)
			s.Want(t.Context(), flow, form(ada, password), 204, "")
		}
	}
	if known, unknown := answers[ada], answers["nobody@example.org"]; !slices.Equal(known, unknown) {
		t.Errorf("known: %q\nunknown: %q", known, unknown)
	}
}

// A refused attempt is not one: it uses nothing up, and the short limit goes on
// telling.
func TestWhatALongLimitRefuses(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, password)
	flow := account.Login{Guesses: tall}
	for range 3 {
		s.Want(t.Context(), flow, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
	}
	s.Advance(time.Minute)
	for range 2 {
		s.Want(t.Context(), flow, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
	}
	s.Want(t.Context(), flow, form(ada, password), 400, core.CodeLoginBadCredentials)
	s.Want(t.Context(), flow, form(ada, password), 429, core.CodeRateLimited)
	s.Advance(time.Minute)
	for range 3 { // the user's count is not touched while it refuses
		s.Want(t.Context(), flow, form(ada, password), 400, core.CodeLoginBadCredentials)
	}
	s.Want(t.Context(), flow, form(ada, password), 429, core.CodeRateLimited)
	s.Advance(48*time.Hour - 2*time.Minute - time.Second)
	s.Want(t.Context(), flow, form(ada, password), 400, core.CodeLoginBadCredentials) // the window began at the first
	s.Advance(time.Second)
	s.Want(t.Context(), flow, form(ada, password), 204, "")
}

// A success forgives what was counted with it, for a month too.
func TestASuccessForgivesLongLimits(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, password)
	flow := account.Login{Guesses: tall}
	for range 4 {
		for range 2 {
			s.Want(t.Context(), flow, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
		}
		s.Want(t.Context(), flow, form(ada, password), 204, "")
	}
}

// riddle takes each answer once.
type riddle struct {
	right map[string]bool
	err   error
	asked int
}

func (r *riddle) Check(_ context.Context, req *core.Request, answer string) (bool, error) {
	if req == nil {
		return false, errors.New("no request")
	}
	r.asked++
	ok := r.right[answer]
	delete(r.right, answer)
	return ok, r.err
}

func solving(username, password, answer string) servicetest.Call {
	return servicetest.Call{Route: "POST /login", Form: url.Values{
		"username": {username}, "password": {password}, "captcha": {answer},
	}}
}

func TestQ16Captcha(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, password)
	r := &riddle{right: map[string]bool{"one": true, "two": true, "three": true, "four": true, "early": true}}
	guesses := tall
	guesses.Captcha = r
	flow, required := account.Login{Guesses: guesses}, core.CodeCaptchaRequired
	s.Want(t.Context(), flow, solving(ada, "guess", "early"), 400, core.CodeLoginBadCredentials)
	for range 2 {
		s.Want(t.Context(), flow, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
	}
	if r.asked != 0 {
		t.Error("an answer is checked where none is needed")
	}
	s.Want(t.Context(), flow, form(ada, password), 400, required)
	s.Want(t.Context(), flow, solving(ada, password, "wrong"), 400, required)
	s.Want(t.Context(), flow, solving("nobody@example.org", password, "wrong"), 400, core.CodeLoginBadCredentials)
	s.Want(t.Context(), flow, solving(ada, "guess", "one"), 400, core.CodeLoginBadCredentials)
	s.Want(t.Context(), flow, solving(ada, password, "one"), 400, required) // used up
	r.err = errors.New("connection refused")
	s.Want(t.Context(), flow, solving(ada, password, "wrong"), 503, core.CodeServiceUnavailable)
	r.err = core.Refuse("RIDDLE_OVER")
	s.Want(t.Context(), flow, solving(ada, password, "wrong"), 400, "RIDDLE_OVER")
	r.err = nil
	s.Want(t.Context(), flow, servicetest.Call{Route: "POST /login",
		JSON: `{"username": "` + ada + `", "password": "` + password + `", "captcha": 7}`}, 422, "captcha")
	s.Want(t.Context(), flow, servicetest.Call{Route: "POST /login",
		JSON: `{"username": "` + ada + `", "password": "` + password + `", "captcha": "two"}`}, 204, "")
	for range 3 { // the success has forgiven them
		s.Want(t.Context(), flow, form(ada, "guess"), 400, core.CodeLoginBadCredentials)
	}
	for _, answer := range []string{"three", "four"} {
		s.Want(t.Context(), flow, solving(ada, "guess", answer), 400, core.CodeLoginBadCredentials)
	}
	r.right["five"] = true
	s.Want(t.Context(), flow, solving(ada, password, "five"), 400, core.CodeLoginBadCredentials) // the long limit stays
	s.Want(t.Context(), account.Login{Guesses: tall}, solving(ada, password, "six"), 429, core.CodeRateLimited)
}

// Without a captcha its member is none.
func TestACaptchaOfNone(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, password)
	s.Want(t.Context(), limits, servicetest.Call{Route: "POST /login",
		JSON: `{"username": "` + ada + `", "password": "` + password + `", "captcha": 7}`}, 204, "")
}
