package latchkey_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// TestFindings52NilParts: New reports what is nil, also where a constructor's
// error was not looked at.
func TestFindings52NilParts(t *testing.T) {
	type opts = latchkey.Options[latchkey.User]
	none, err := cookie.New(cookie.Options{Path: "app"})
	if none != nil || err == nil {
		t.Fatal("the cookie is good")
	}
	for name, c := range map[string]struct {
		change func(*opts)
		want   string
	}{
		"a flow":           {func(o *opts) { o.Flows = []latchkey.Flow{verify.Flow{}, nil} }, "latchkey: Options.Flows[1] is nil"},
		"a flow's pointer": {func(o *opts) { o.Flows = []latchkey.Flow{(*pointerFlow)(nil)} }, "Options.Flows[0] is nil, a *latchkey_test.pointerFlow"},
		"a hasher":         {func(o *opts) { o.Hashers = []core.Hasher{nil} }, "latchkey: Options.Hashers[0] is nil"},
		"a second hasher":  {func(o *opts) { o.Hashers = []core.Hasher{fast("a"), nil} }, "Options.Hashers[1] is nil"},
		"a transport":      {func(o *opts) { o.Backends[0].Transport = nil }, `backend "web" needs a Transport`},
		"a transport's pointer": {func(o *opts) { o.Backends[0].Transport, o.BaseURL = none, "https://app.example" },
			`the Transport of backend "web" is nil, a *cookie.Transport: did its constructor return an error?`},
		"a strategy":          {func(o *opts) { o.Backends[0].Strategy = nil }, "needs a Transport and a Strategy"},
		"tickets' pointer":    {func(o *opts) { o.Tickets = (*memstore.Tickets)(nil) }, "Options.Tickets is nil"},
		"limiter's pointer":   {func(o *opts) { o.Limiter = (*memstore.Limiter)(nil) }, "Options.Limiter is nil"},
		"sender's pointer":    {func(o *opts) { o.Sender = (*letters)(nil) }, "Options.Sender is nil"},
		"its legitimate twin": {func(o *opts) { o.Hashers, o.Sender = []core.Hasher{fast("a")}, &letters{} }, ""},
	} {
		o := options[latchkey.User]()
		c.change(&o)
		if got := faults(t, o); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: New says %q, want %q", name, got, c.want)
		}
	}
	if _, err := latchkey.New((*memstore.Users[Member])(nil), options[Member]()); err == nil ||
		!strings.Contains(err.Error(), "user store is nil") {
		t.Errorf("a nil store: %v", err)
	}
}

// pointerFlow is a flow by pointer.
type pointerFlow struct{ name string }

func (f *pointerFlow) Name() string                              { return f.name }
func (*pointerFlow) PerBackend() bool                            { return false }
func (*pointerFlow) Routes(*core.Services) ([]core.Route, error) { return nil, nil }

// TestFindings52EveryLineHasItsPrefix: a logger of lines shows where each comes
// from.
func TestFindings52EveryLineHasItsPrefix(t *testing.T) {
	o := options[latchkey.User]()
	o.HashConcurrency, o.BaseURL = -1, "nowhere"
	o.Flows = []latchkey.Flow{verify.Flow{}, reset.Flow{}}
	lines := strings.Split(faults(t, o), "\n")
	if len(lines) < 5 {
		t.Errorf("only %d lines: %q", len(lines), lines)
	}
	if strings.Contains(strings.Join(lines, "\n"), "needs Options.BaseURL") {
		t.Errorf("a malformed base URL is missing too: %q", lines)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "latchkey: ") || strings.HasPrefix(line, "latchkey: latchkey: ") {
			t.Errorf("%q lacks the prefix, or has it twice", line)
		}
	}
}

// TestFindings52CheckOfAnotherType: the mistake shows where guards are
// resolved, instead of in a 403 for everybody.
func TestFindings52CheckOfAnotherType(t *testing.T) {
	a := newApp(t, nil)
	type Other struct{ latchkey.User }
	said := func(guard latchkey.Guard) (panicked string) {
		defer func() {
			if p := recover(); p != nil {
				panicked = fmt.Sprint(p)
			}
		}()
		a.Resolve(false, guard)
		return ""
	}
	got := said(latchkey.Check(func(context.Context, *Other) error { return nil }))
	if !strings.Contains(got, "latchkey_test.Other") || !strings.Contains(got, "latchkey_test.Member") {
		t.Errorf("Check of another type: %q", got)
	}
	if got := said(latchkey.Check(func(context.Context, *latchkey.User) error { return nil })); got == "" {
		t.Error("Check of the embedded type is accepted")
	}
	if got := said(latchkey.Check(func(context.Context, *Member) error { return nil })); got != "" {
		t.Errorf("twin: %s", got)
	}
}

// TestFindings52RequireVerifiedAlone: nobody who registers could log in.
func TestFindings52RequireVerifiedAlone(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*latchkey.Options[Member])
		warns  bool
	}{
		"no flow": {func(o *latchkey.Options[Member]) { o.RequireVerified, o.Flows = true, nil }, true},
		"a flow of no use": {func(o *latchkey.Options[Member]) {
			o.RequireVerified, o.Flows = true, []latchkey.Flow{&pointerFlow{"x"}}
		}, true},
		"verify":           {func(o *latchkey.Options[Member]) { o.RequireVerified, o.Flows = true, []latchkey.Flow{verify.Flow{}} }, false},
		"a reset verifies": {func(o *latchkey.Options[Member]) { o.RequireVerified, o.Flows = true, []latchkey.Flow{reset.Flow{}} }, false},
		"not required":     {func(o *latchkey.Options[Member]) { o.Flows = nil }, false},
	} {
		var log bytes.Buffer
		o := options[Member]()
		o.Tickets, o.Sender, o.BaseURL = memstore.NewTickets(nil), &letters{}, "https://app.example"
		o.Hashers, o.Log = []core.Hasher{fast("a")}, slog.New(slog.NewTextHandler(&log, nil))
		c.change(&o)
		if got := faults(t, o); got != "" {
			t.Fatal(got)
		}
		if warned := strings.Contains(log.String(), "RequireVerified"); warned != c.warns {
			t.Errorf("%s: the log is %q", name, &log)
		}
	}
}
