package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestErrorText(t *testing.T) {
	cause := errors.New("disk full")
	for want, e := range map[string]*core.Error{
		"LOGIN_BAD_CREDENTIALS":                         core.Refuse(core.CodeLoginBadCredentials),
		"Unauthorized":                                  core.Unauthorized(),
		"Forbidden":                                     core.Forbidden(),
		"Not Found":                                     core.NotFound(),
		"SERVICE_UNAVAILABLE: disk full":                core.Unavailable(cause),
		"REGISTER_INVALID_PASSWORD: too short":          {Code: core.CodeRegisterPassword, Status: 400, Reason: "too short"},
		"Bad Request: too short: disk full":             {Status: 400, Reason: "too short", Cause: cause},
		http.StatusText(http.StatusUnprocessableEntity): core.Invalid(core.Missing("email")),
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestErrorIs(t *testing.T) {
	cause := errors.New("disk full")
	err := fmt.Errorf("while saving: %w", core.Unavailable(cause))
	if !errors.Is(err, core.Unavailable(nil)) || !errors.Is(err, cause) {
		t.Error("an Error is not its like, or not its cause")
	}
	for _, other := range []error{
		core.Refuse(core.CodeServiceUnavailable), &core.Error{Status: http.StatusServiceUnavailable}, core.Unauthorized(),
		core.ErrInvalid,
	} {
		if errors.Is(err, other) {
			t.Errorf("it is %v", other)
		}
	}
	if got := core.Forbidden().StatusCode(); got != http.StatusForbidden {
		t.Errorf("the status is %d", got)
	}
	if core.Unavailable(nil).Header.Get("Retry-After") == "" {
		t.Error("a 503 without Retry-After")
	}
}

func TestProblems(t *testing.T) {
	if err := core.InvalidProblems(nil, nil); err != nil {
		t.Errorf("no problems: %v", err)
	}
	missing, bad := core.Missing("email"), core.BadValue("name", "too long")
	err := core.InvalidProblems(nil, &missing, nil, &bad)
	e := wantStatus(t, err, http.StatusUnprocessableEntity, "")
	got, _ := json.Marshal(e.Problems)
	want := `[{"loc":["body","email"],"msg":"Field required","type":"missing"},` +
		`{"loc":["body","name"],"msg":"Value error, too long","type":"value_error"}]`
	if string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
