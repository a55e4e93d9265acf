package flowtest_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
)

// handled is a user with a name beside the address.
type handled struct {
	latchkey.User
	latchkey.Named
}

// once puts an application together that has a flow which is made once.
func once(t *testing.T, f core.Flow) core.Group {
	return authtest.New(t, latchkey.Options[handled]{Flows: []latchkey.Flow{f}}).Flow(f.Name())
}

// post returns a request with members of text.
func post(route string, members map[string]string) flowtest.Request {
	body, _ := json.Marshal(members)
	return flowtest.Request{Route: "POST " + route, JSON: string(body)}
}

// mailing describes a fake.
func mailing(broken string) flowtest.Harness {
	return flowtest.Harness{
		Flow:     func() core.Flow { return fake{broken} },
		New:      once,
		Prepare:  func(u core.AnyUser) { u.Base().IsVerified = false },
		Ask:      func(address string) flowtest.Request { return post("/ask", map[string]string{"email": address}) },
		Use:      func(token string) flowtest.Request { return post("/use", map[string]string{"token": token}) },
		Lifetime: lifetime,
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return u.Base().IsVerified, nil
		},
	}
}

// giving describes a gift.
func giving(broken string) flowtest.Harness {
	return flowtest.Harness{
		Flow: func() core.Flow { return gift{broken} },
		New: func(t *testing.T, f core.Flow) core.Group {
			return authtest.New(t, latchkey.Options[receiver]{Flows: []latchkey.Flow{f}}).Flow(f.Name())
		},
		Use: func(string) flowtest.Request { return flowtest.Request{Route: "POST /gift", Caller: true} },
		Done: func(_ context.Context, _ *core.Services, u core.AnyUser) (bool, error) {
			return u.(*receiver).Gift != "", nil
		},
	}
}

// failing returns the names of the cases that a flow fails.
func failing(t *testing.T, h flowtest.Harness) (fails []string) {
	for _, c := range flowtest.Cases(h) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.Check(t, h); err != nil {
					t.Log(err)
					fails = append(fails, c.Name)
				}
			})
		})
	}
	return fails
}

func TestGoodFlows(t *testing.T) {
	t.Parallel()
	flowtest.Run(t, mailing(""))
	flowtest.Run(t, giving(""))
}

func TestBrokenFlows(t *testing.T) {
	t.Parallel()
	for broken, want := range map[string][]string{
		"says who is registered":        {"same answer", "nothing before the answer", "requests are limited", "names"},
		"looks up first":                {"nothing before the answer", "names"},
		"mails in the request":          {"nothing before the answer", "names"},
		"answers with the token":        {"link"},
		"a goroutine of its own":        {"works once", "one of many", "used while the store is down", "GET changes nothing", "nothing before the answer", "stored address", "link", "made up", "another purpose", "guesses are limited", "expires", "epoch", "address", "deactivation", "suspension", "deletion"},
		"queues by Enqueue":             {"nothing before the answer", "names"},
		"cannot read":                   {"bad bodies", "no address"},
		"takes any address":             {"no address"},
		"no limit of requests":          {"requests are limited"},
		"429 without Retry-After":       {"requests are limited"},
		"an outage is a 404":            {"used while the store is down", "asked while the store is down"},
		"mails to nobody":               {"stored address", "names"},
		"mails the blocked":             {"inactive"},
		"no limit of mails":             {"mails are limited"},
		"never expires":                 {"expires"},
		"expires early":                 {"expires"},
		"the link has the Host":         {"link"},
		"mails to what was typed":       {"stored address", "names"},
		"no limit of guesses":           {"guesses are limited"},
		"an end without a sign":         {"made up"},
		"any purpose":                   {"another purpose"},
		"the second one is let through": {"works once", "one of many"},
		"looks before it leaps":         {"one of many"},
		"an outage is no answer":        {"used while the store is down"},
		"the gone are no matter":        {"deletion"},
		"the epoch is no matter":        {"epoch"},
		"the address is no matter":      {"address"},
		"inactivity is no matter":       {"deactivation"},
		"a suspension is no matter":     {"suspension"},
		"refuses and does it":           {"epoch", "address", "deactivation", "suspension"},
		"does nothing":                  {"works once", "used while the store is down", "GET changes nothing", "made up", "guesses are limited", "expires", "epoch", "address", "deactivation", "suspension", "deletion"},
		"GET uses it up":                {"GET changes nothing"},
		"looks for names first":         {"names"},
		"says who has a name":           {"names"},
		"mails without an address":      {"names"},
		"a count for each identifier":   {"names"},
	} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			if got := failing(t, mailing(broken)); !slices.Equal(got, want) {
				t.Errorf("fails %q, want %q", got, want)
			}
		})
	}
}

func TestBrokenFlowsWithoutAValue(t *testing.T) {
	t.Parallel()
	for broken, want := range map[string][]string{
		"public":                 {"epoch", "deactivation", "suspension", "deletion", "caller"},
		"repeats":                {"works once", "one of many"},
		"an outage is no answer": {"used while the store is down"},
	} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			if got := failing(t, giving(broken)); !slices.Equal(got, want) {
				t.Errorf("fails %q, want %q", got, want)
			}
		})
	}
}

func TestCasesAreNamed(t *testing.T) {
	t.Parallel()
	for _, h := range []flowtest.Harness{mailing(""), giving("")} {
		seen := map[string]bool{}
		for _, c := range flowtest.Cases(h) {
			if c.Name == "" || c.Rule == "" || seen[c.Name] || strings.HasSuffix(c.Rule, ".") {
				t.Errorf("a case without a name of its own, or without a rule: %+v", c)
			}
			seen[c.Name] = true
		}
	}
}
