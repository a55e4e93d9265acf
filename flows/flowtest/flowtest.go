// Package flowtest is the conformance kit for flows: what a flow must do so
// that nobody learns who is registered, and nobody comes in by a value that was
// used, has expired, or belongs to another state of the account. Each case has
// its rule, and a failure quotes it. A flow's author says how its requests are
// made:
//
//	func TestLoginByMail(t *testing.T) {
//		flowtest.Run(t, flowtest.Harness{
//			Flow: func() core.Flow { return loginByMail{} },
//			New:  newApp,
//			Ask:  ask, // "POST /link" for an address
//			Use:  use, // "POST /link/use" with a token
//
//			Lifetime: time.Hour,
//		})
//	}
//
// and puts an application together that has the flow:
//
//	func newApp(t *testing.T, f core.Flow) core.Group {
//		o := latchkey.Options[Account]{Flows: []latchkey.Flow{f}}
//		return authtest.New(t, o).Flow(f.Name())
//	}
//
// The requests go through the routes of that application, its guards, its
// protection and its errors. Between the flow and the services that it works
// with stands the kit, which sees what is done before the answer and what
// after: it has a limiter, a sender and jobs of its own. Each case runs in a
// bubble of testing/synctest, so nothing waits; the application must be without
// a clock of its own (Options.Now), and end what it started when the test ends.
//
// Security notes. The kit looks from outside. It finds answers that differ, not
// ones that take longer for another reason than a call to a service; it does
// not find a value that can be guessed, or one that is kept in clear.
package flowtest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Harness describes the flow being tested. Flow, New and Use are required.
type Harness struct {
	// Flow returns a new flow at each call.
	Flow func() core.Flow
	// New puts an application together in which f is one of the flows, and
	// returns f's routes. f stands for the flow: it is named as the flow,
	// and is what the flow is besides (core.As).
	New func(t *testing.T, f core.Flow) core.Group
	// Backend is the name of the one whose routes New returns, and at which
	// callers are logged in. Default: "web".
	Backend string
	// Client returns the header lines by which a client goes on after a
	// login's answer. Default: Client, which takes cookies and the
	// access_token of a body.
	Client func(login *core.Response) map[string][]string
	// Prepare makes a user one of those whom the flow is for, before they
	// are stored. Default: they are active and verified, and have no
	// password.
	Prepare func(u core.AnyUser)

	// Ask is the request of somebody who is not logged in and asks the flow
	// to mail a value to an address. Where the application's users have
	// names (core.Named), it is called with names, too: whether the flow
	// finds users by them is its own matter. Default: the flow has none.
	Ask func(address string) Request
	// Use is the request that spends a value, which works once. Where
	// neither Ask nor Grant are set there is no value, and the request
	// itself may succeed once for each user.
	Use func(value string) Request
	// Grant returns a user's value that comes by another way than Ask, as
	// one that the flow shows. svc are the flow's services. Default: the
	// Token of the mail that Ask causes.
	Grant func(ctx context.Context, svc *core.Services, u core.AnyUser) (value string, err error)
	// Guess returns another value of the same form, which nobody was given.
	// Default: 32 random bytes, as core.NewSecret makes them.
	Guess func(value string) string
	// Done reports whether a Use has had its effect, so that one which is
	// refused and has it nevertheless is found. u is the user as they are.
	// Default: the answers alone are judged.
	Done func(ctx context.Context, svc *core.Services, u core.AnyUser) (bool, error)

	// Lifetime is how long a value works. Default: that is not checked.
	Lifetime time.Duration
	// Survives are the changes of the account that a value outlives, and
	// should. Default: it outlives none.
	Survives []Change
	// ByGET are the names of routes that may change something by GET: the
	// end of a redirect from another site, which is bound to the browser.
	// Default: none.
	ByGET []string
	// Unlimited is for flows whose guesses are bounded by something else
	// than a limit of the network, as Gate.Continue bounds them. Default:
	// false.
	Unlimited bool
}

// Change is something that happens to an account.
type Change string

// The changes that a value may be made to outlive; a deletion is none of them.
const (
	// Epoch is the end of all of a user's sessions and tokens, as by a new
	// password.
	Epoch Change = "epoch"
	// Address is a change of the address. What was mailed must not outlive
	// it.
	Address Change = "address"
	// Deactivation is that the user is no longer active.
	Deactivation Change = "deactivation"
	// Suspension is that the user is suspended.
	Suspension Change = "suspension"
)

// Case is one obligation.
type Case struct {
	Name, Rule string
	// check returns an error if the flow breaks the rule.
	check func(a *app) error
}

// settling is how long what a flow runs by itself may go on: a goroutine that
// outlives its bubble is a panic, which says nothing of the flow.
const settling = time.Minute

// Check runs the case against an application of its own. It returns an error
// that says how the flow breaks Rule. It must be called in a bubble of
// testing/synctest.
func (c Case) Check(t *testing.T, h Harness) error {
	a, err := open(t, h)
	if err != nil {
		return err
	}
	defer time.Sleep(settling)
	return c.check(a)
}

// Run runs all cases, each as a subtest in a bubble of virtual time.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.Flow == nil || h.New == nil || h.Use == nil {
		t.Fatal("flowtest: Harness.Flow, New and Use are required")
	}
	for _, c := range Cases(h) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.Check(t, h); err != nil {
					t.Errorf("%v\nThe rule: %s.", err, c.Rule)
				}
			})
		})
	}
}

// Cases returns the obligations of the flow that h describes.
func Cases(h Harness) []Case {
	cases := slices.Concat(useCases(), bodyCases())
	if h.Ask != nil {
		cases = append(append(cases, askCases()...), nameCase())
	}
	if h.Ask != nil || h.Grant != nil {
		cases = append(cases, valueCases(h)...)
	}
	for _, e := range endings(h) {
		if !slices.Contains(h.Survives, Change(e.Name)) {
			cases = append(cases, e)
		}
	}
	if h.Use != nil && h.Use("").Caller {
		cases = append(cases, callerCase())
	}
	return cases
}
