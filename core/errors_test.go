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

// TestFieldF14UnavailableIsForWhatPasses: what the schema refuses will be
// refused again, so no client has to come back for it.
func TestFieldF14UnavailableIsForWhatPasses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause  error
		status int
	}{
		"an outage":       {errors.New("down"), http.StatusServiceUnavailable},
		"nothing":         {nil, http.StatusServiceUnavailable},
		"what is taken":   {core.ErrTaken, http.StatusServiceUnavailable},
		"a conflict":      {fmt.Errorf("commit: %w", core.ErrConflict), http.StatusInternalServerError},
		"a refused value": {fmt.Errorf("commit: %w", &core.RefusedError{Field: "Nick"}), http.StatusInternalServerError},
	} {
		e := core.Unavailable(c.cause)
		again := e.Header.Get("Retry-After") != ""
		if e.Status != c.status || again != (c.status == 503) || e.Cause != c.cause {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestRefusedErrorNamesTheField(t *testing.T) {
	t.Parallel()
	cause := errors.New("SQLSTATE 22001")
	for _, c := range []struct {
		err  *core.RefusedError
		want string
	}{
		{&core.RefusedError{Field: "Nick", Cause: cause}, "latchkey: the application's schema refuses Nick: SQLSTATE 22001"},
		{&core.RefusedError{}, "latchkey: the application's schema refuses a user"},
	} {
		if c.err.Error() != c.want || c.err.Cause != nil && !errors.Is(c.err, cause) {
			t.Errorf("got %q, want %q", c.err, c.want)
		}
	}
}
