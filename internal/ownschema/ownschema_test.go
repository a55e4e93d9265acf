package ownschema_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/ownschema"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	refused := func(field string) error {
		return fmt.Errorf("commit: %w", &core.RefusedError{Field: field, Cause: errors.New("SQLSTATE 23514")})
	}
	for name, c := range map[string]struct {
		err    error
		write  ownschema.Write
		client bool
		status int
		code   string // or the member of a 422
	}{
		"no error":                     {nil, ownschema.Register, true, 0, ""},
		"an outage":                    {errors.New("down"), ownschema.Register, true, 0, ""},
		"the address":                  {core.ErrTaken, ownschema.Register, true, 0, ""},
		"an own index":                 {fmt.Errorf("one_phone: %w", core.ErrConflict), ownschema.Register, true, 400, core.CodeRegisterConflict},
		"an own index, on update":      {core.ErrConflict, ownschema.Update, false, 400, core.CodeUpdateConflict},
		"a member":                     {refused("Nick"), ownschema.Register, true, 422, "nick"},
		"the address' own rule":        {refused("EmailKey"), ownschema.Update, true, 422, "email"},
		"a flag":                       {refused("IsVerified"), ownschema.Update, true, 422, "is_verified"},
		"a flag that nobody registers": {refused("IsVerified"), ownschema.Register, true, 500, ""},
		"the hash":                     {refused("HashedPassword"), ownschema.Register, true, 500, ""},
		"a column of nobody's":         {refused("tenant_id"), ownschema.Register, true, 500, ""},
		"the same outside HTTP":        {refused("tenant_id"), ownschema.Register, false, 422, "body"},
		"nobody knows what":            {refused(""), ownschema.Update, true, 422, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			var log bytes.Buffer
			s.Env.Log = slog.New(slog.NewTextHandler(&log, nil))
			answer := ownschema.Answer(t.Context(), s.Services, c.write, c.err, c.client)
			if c.status == 0 {
				if answer != nil {
					t.Errorf("got %v, want none", answer)
				}
				return
			}
			var e *core.Error
			if !errors.As(answer, &e) || e.Status != c.status || !errors.Is(answer, c.err) || e.Header != nil {
				t.Fatalf("got %+v, want a %d because of %v", answer, c.status, c.err)
			}
			if c.status == 422 {
				p := e.Problems[0]
				if len(e.Problems) != 1 || p.Type != "value_error" || p.Loc[len(p.Loc)-1] != c.code {
					t.Errorf("the problems are %+v", e.Problems)
				}
			} else if e.Code != c.code {
				t.Errorf("the code is %q, want %q", e.Code, c.code)
			}
			if logged := strings.Contains(log.String(), "level=INFO"); logged != (c.status == 422) {
				t.Errorf("the log is %q", log.String())
			}
		})
	}
}
