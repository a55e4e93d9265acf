package latchkey_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// options are the least that New takes.
func options[U any]() latchkey.Options[U] {
	return latchkey.Options[U]{Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: static{}}}}
}

// faults returns the lines of New's error.
func faults[U any, PU core.Model[U]](t *testing.T, o latchkey.Options[U]) string {
	t.Helper()
	_, err := latchkey.New[U, PU](memstore.NewUsers[U, PU](), o)
	if err == nil {
		return ""
	}
	return err.Error()
}

type (
	stamps    struct{ Seen time.Time }
	pointedAt struct{ *latchkey.User }
	shadowing struct {
		latchkey.User
		TokenEpoch int64 `json:"epoch"`
	}
	reserved struct {
		latchkey.User
		Word string `json:"password" auth:"register"`
	}
	otherCase struct {
		latchkey.User
		Flag bool `json:"IS_SUPERUSER" auth:"update"`
	}
	twice struct {
		latchkey.User
		A string `json:"nick"`
		B string `json:"Nick"`
	}
	hidden struct {
		latchkey.User
		Secret string `json:"-" auth:"update"`
	}
	typo struct {
		latchkey.User
		Name string `json:"name" auth:"regsiter"`
	}
	requiredOnly struct {
		latchkey.User
		Name string `json:"name" auth:"required"`
	}
	embeddedPointer struct {
		latchkey.User
		*stamps
	}
	marshals struct {
		latchkey.User
		time.Time
	}
	good struct {
		latchkey.User
		stamps
		Name  string          `json:"name" auth:"register,update,required"`
		Tags  []string        `json:"tags" auth:"update"`
		Extra json.RawMessage `json:"extra"`
	}
)

func TestNewExaminesTheUserType(t *testing.T) {
	for name, c := range map[string]struct{ got, want string }{
		"a column shadows a base column":   {faults(t, options[shadowing]()), "shadows"},
		"a reserved JSON name":             {faults(t, options[reserved]()), `"password" is taken`},
		"a reserved name in other letters": {faults(t, options[otherCase]()), `"IS_SUPERUSER" is taken`},
		"one JSON name twice":              {faults(t, options[twice]()), `"Nick" is taken by field A`},
		"a tag on what has no JSON name":   {faults(t, options[hidden]()), "no JSON name"},
		"an unknown tag word":              {faults(t, options[typo]()), "regsiter"},
		"required without register":        {faults(t, options[requiredOnly]()), "register"},
		"an embedded pointer":              {faults(t, options[embeddedPointer]()), "embedded pointer"},
		"User embedded by pointer":         {faults(t, options[pointedAt]()), "by value"},
		"a promoted MarshalJSON":           {faults(t, options[marshals]()), "json.Marshaler"},
		"its legitimate twin":              {faults(t, options[good]()), ""},
		"User itself":                      {faults(t, options[latchkey.User]()), ""},
	} {
		if c.want == "" && c.got != "" || !strings.Contains(c.got, c.want) || c.want != "" && c.got == "" {
			t.Errorf("%s: New says %q, want something about %q", name, c.got, c.want)
		}
	}
}

func TestNewTellsEverythingAtOnce(t *testing.T) {
	o := options[latchkey.User]()
	o.Backends = append(o.Backends, latchkey.Backend{Name: "web", Transport: header{}, Strategy: static{}},
		latchkey.Backend{Name: "No Name"})
	o.BaseURL = "app.example.org/path?x"
	o.HashConcurrency = -1
	o.Limits.LoginFailures = []latchkey.Limit{
		{Events: 5}, {Events: 50, Window: time.Hour}, {Events: 9, Window: time.Minute},
	}
	got := faults(t, o)
	for _, want := range []string{`"web" is given twice`, `"No Name": use`, `"No Name" needs a Transport`, "BaseURL",
		"HashConcurrency", "InsecureNoLimits", "the shortest first"} {
		if !strings.Contains(got, want) {
			t.Errorf("New's error lacks %q:\n%s", want, got)
		}
	}
	if got := faults(t, latchkey.Options[latchkey.User]{}); !strings.Contains(got, "Backends is empty") {
		t.Errorf("without backends New says %q", got)
	}
}

func TestNewTellsWhatFlowsMiss(t *testing.T) {
	o := options[latchkey.User]()
	o.Flows = []latchkey.Flow{
		verify.Flow{Options: mailtoken.Options{Link: "https://evil.example/{token}"}},
		reset.Flow{Options: mailtoken.Options{
			Lifetime: time.Second, Link: "/reset", MailLimit: latchkey.Limit{Events: 5},
		}},
		reset.Flow{}, secondFactor{},
	}
	got := faults(t, o)
	for _, want := range []string{
		"verify needs Options.Tickets", "verify needs Options.Sender", "verify needs Options.BaseURL", "verify: Link must be a path",
		"reset: Lifetime", "reset: RequestLimit or MailLimit: a limit needs", "reset: Link must hold {token} once", `"reset" is given twice`, "second factor needs Options.Tickets",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("New's error lacks %q:\n%s", want, got)
		}
	}
}

// once is a second factor that is made once for all backends.
type once struct{ secondFactor }

func (once) PerBackend() bool { return false }

// ambient is a transport whose token browsers send by themselves, and that
// keeps no pending login.
type ambient struct{ header }

func (ambient) Ambient() bool { return true }

func TestNewTellsWhatSecondFactorsNeed(t *testing.T) {
	o := options[latchkey.User]()
	o.Tickets = memstore.NewTickets(nil)
	o.Flows = []latchkey.Flow{once{}}
	if got := faults(t, o); !strings.Contains(got, `"second" is a second factor and must be PerBackend`) {
		t.Errorf("New's error is %q", got)
	}
	o.Flows = []latchkey.Flow{secondFactor{}}
	o.Backends = []latchkey.Backend{{Name: "web", Transport: ambient{}, Strategy: static{}}}
	if got := faults(t, o); !strings.Contains(got,
		`"web": a flow that is a second factor needs a transport that is a core.Holder`) {
		t.Errorf("New's error is %q", got)
	}
	o.Backends = []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: static{}}}
	if _, err := latchkey.New(memstore.NewUsers[latchkey.User](), o); err != nil {
		t.Errorf("(twin) %v", err)
	}
}

func TestNewChecksClientIP(t *testing.T) {
	for name, c := range map[string]struct {
		policy latchkey.ClientIP
		want   string
	}{
		"no hops":                  {latchkey.Hops(0), "Options.ClientIP: Hops must be from 1 to 32"},
		"too many hops":            {latchkey.Hops(1000), "Options.ClientIP: Hops must be"},
		"no proxies":               {latchkey.Proxies(), "Options.ClientIP: Proxies needs the networks"},
		"a network that is none":   {latchkey.Proxies(netip.PrefixFrom(netip.IPv6Loopback(), 200)), "is no network"},
		"a header without a name":  {latchkey.Header(""), "Options.ClientIP: Header needs a name"},
		"theirs, set wrongly":      {checked{}, "Options.ClientIP: no proxy is named"},
		"twin: direct":             {latchkey.Direct, ""},
		"twin: a header":           {latchkey.Header("CF-Connecting-IP"), ""},
		"twin: the socket":         {latchkey.Proxies(latchkey.LocalSocket), ""},
		"twin: one that is theirs": {theirs{}, ""},
	} {
		o := options[Member]()
		o.ClientIP = c.policy
		if got := faults(t, o); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: New's error is %q, want %q", name, got, c.want)
		}
	}
}

// theirs is an application's own policy.
type theirs struct{}

func (theirs) Client(_ core.Head, peer netip.Addr) netip.Addr { return peer }

// checked is one that New checks.
type checked struct{ theirs }

var _ latchkey.ClientIPChecker = checked{}

func (checked) Check() error { return errors.New("no proxy is named") }
