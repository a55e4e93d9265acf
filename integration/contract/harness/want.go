package harness

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Want sends a request and checks its answer. Both are in one line:
//
//	METHOD /path STATUS words (note)
//
//	GET /users/me 200
//	POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (unknown)
//	PATCH /users/me 400 {UPDATE_USER_INVALID_PASSWORD, reason}
//	POST /auth/register 422 body.email missing, body.password missing
//
// STATUS is a status, or <500 for any answer that is not a fault of the server.
// words are what an error says: a code, {CODE, reason}, or the problems of a
// 422; none is the plain phrase of the status. Every answer is also checked for
// what holds of all of them, see Answer.WantInvariants.
//
// A line with a note is a row of the contract: it runs as a subtest which is
// named by the line. So does a line with the option Row; Case chooses another
// name. All other lines are steps of the test that calls Want. A row that -run
// excludes is a step too, because what comes after it may depend on it.
func (a *App) Want(t *testing.T, line string, with ...Option) (got Answer) {
	t.Helper()
	want := wanted.FindStringSubmatch(line)
	if want == nil {
		t.Fatalf("%q is not a line METHOD /path STATUS words (note)", line)
	}
	method, path, status, words, note := want[1], want[2], want[3], want[4], want[5]
	r, err := a.newRequest(t.Context(), method, path, with)
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T) {
		t.Helper()
		got = a.answer(t, r.WithContext(t.Context()))
		if status == "<500" && got.Status >= 500 || status != "<500" && got.Outcome() != strings.TrimSpace(status+" "+words) {
			t.Errorf("%s\ngot %d %s", line, got.Status, got.Body)
		}
		got.WantInvariants(t, path)
	}
	name, named := r.Context().Value(caseName{}).(string)
	if name == "" {
		name = line
	}
	ran := false
	if named || note != "" {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			ran = true
			check(t)
		})
	}
	if !ran {
		check(t)
	}
	return got
}

var wanted = regexp.MustCompile(`^([A-Z]+) (/\S*) (\d{3}|<500)(?: ([^(]+?))?( \(.+\))?$`)

// caseName is the context's key of a subtest's name; "" is the line.
type caseName struct{}

// Case makes a line a subtest of that name. The names of attacks begin with
// their ids in docs/attack-cases.md.
func Case(name string) Option {
	return func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), caseName{}, name)) }
}

// Row makes a line without a note a subtest, which is named by the line.
func Row(r *http.Request) { Case("")(r) }
