// Package devicegrant is the flow by which a program without a browser, such as
// a command or a television, logs its person in: it shows a code, which they
// enter in a browser where they are logged in (RFC 8628).
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{devicegrant.Flow{}}, …
//	})
//	httpauth.Mount(mux, "/auth/mobile", auth.Device("mobile"))
//	httpauth.Mount(mux, "/auth/web", auth.Device("web"))
//
// A device logs in at a backend whose token browsers do not send by themselves:
// POST /device/authorize answers with the codes, and POST /device/token, which
// the device repeats, in the end with a login. The person decides at the
// backend where they are logged in, whichever it is: POST /device/claim says
// what asks, then POST /device/approve or POST /device/deny.
//
// Security notes. The device's own code has 256 bits, and the store its digest
// alone. The code that the person types has 34, lives for ten minutes, and
// opens nothing by itself. The login that claims it first is the only one that
// can decide about it, so that nobody can have their own device let in by
// somebody else's login, nor see what another person is about to approve. To
// claim one needs a login in person with a recent proof, by two kinds where the
// user has a second factor. Guesses are limited for each user and network.
//
// Somebody may send their own code to another person, and ask them to approve
// it: no protocol prevents that (RFC 8628, section 5.4). So the page must say
// what an approval does, a link pre-fills the code and decides nothing, and the
// login of the device is worth less than the one that approved it. It has the
// kinds of that one's proofs, without their times, which is enough to be let
// in. For what is sensitive they do not count: the user proves themselves at
// the device, with both kinds of proofs where they have a second factor.
//
// An approval is void once the login that gave it is logged out or ended, or
// the user's TokenEpoch rises, and while they are inactive or suspended.
package devicegrant

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is the login of devices. The zero value is ready.
type Flow struct {
	// Link is the page where people enter the code: a path on
	// latchkey.Options.BaseURL with {token} in place of the code, in its
	// query or fragment. The device shows it without these, and a QR code
	// may have the whole. Default: "/device?user_code={token}".
	Link string
	// Lifetime is how long the codes live, a minute to an hour. Default: 10
	// minutes.
	Lifetime time.Duration
	// Interval is how long a device waits between two polls, in whole
	// seconds, a second to a minute. One that comes much earlier is 400
	// DEVICE_SLOW_DOWN. Default: 5 seconds.
	Interval time.Duration
	// RequestLimit bounds how many devices of a client network (an IPv4
	// address, an IPv6 /64) may begin. Default: 30 in 10 minutes.
	RequestLimit core.Limit
	// PollLimit bounds how often those of a network may poll. Default: 600
	// in a minute.
	PollLimit core.Limit
	// GuessLimit bounds how many codes a user may enter that are not right.
	// A network may enter six times as many. Default: 10 in 10 minutes.
	GuessLimit core.Limit
}

const name = "device"

var (
	_ core.Linked   = Flow{}
	_ core.Listener = Flow{}
)

// Name is "device".
func (Flow) Name() string { return name }

// PerBackend is true.
func (Flow) PerBackend() bool { return true }

// WithLink implements core.Linked: it returns a copy with another Link.
func (f Flow) WithLink(path string) core.Flow {
	f.Link = path
	return f
}

// filled fills in the defaults.
func (f Flow) filled() Flow {
	f.Link = cmp.Or(f.Link, "/device?user_code={token}")
	f.Lifetime = cmp.Or(f.Lifetime, 10*time.Minute)
	f.Interval = cmp.Or(f.Interval, 5*time.Second)
	f.RequestLimit = cmp.Or(f.RequestLimit, core.Limit{Events: 30, Window: 10 * time.Minute})
	f.PollLimit = cmp.Or(f.PollLimit, core.Limit{Events: 600, Window: time.Minute})
	f.GuessLimit = cmp.Or(f.GuessLimit, core.Limit{Events: 10, Window: 10 * time.Minute})
	return f
}

// check returns what the flow misses.
func (f Flow) check(svc *core.Services) error {
	var errs []error
	if svc.Tickets == nil {
		errs = append(errs, errors.New("flow device needs Options.Tickets, where the codes are kept"))
	}
	if svc.Env.BaseURL == nil {
		errs = append(errs, errors.New("flow device needs Options.BaseURL, where the page is that people enter the code in"))
	}
	page, rest := f.page()
	if !strings.HasPrefix(page, "/") || strings.Count(rest, token) != 1 || strings.Contains(page, token) {
		errs = append(errs, fmt.Errorf("flow device: Link must be a path on Options.BaseURL that begins with /, with one %s in its query or fragment", token))
	}
	if f.Lifetime < time.Minute || f.Lifetime > time.Hour {
		errs = append(errs, fmt.Errorf("flow device: Lifetime is %v, it must be a minute to an hour", f.Lifetime))
	}
	if f.Interval < time.Second || f.Interval > time.Minute || f.Interval%time.Second != 0 {
		errs = append(errs, fmt.Errorf("flow device: Interval is %v, it must be a second to a minute, in whole seconds", f.Interval))
	}
	for what, l := range map[string]core.Limit{
		"RequestLimit": f.RequestLimit, "PollLimit": f.PollLimit, "GuessLimit": f.GuessLimit,
	} {
		if err := l.Check(); err != nil {
			errs = append(errs, fmt.Errorf("flow device: %s: %w", what, err))
		}
	}
	return errors.Join(errs...)
}

// token stands for the code in Link.
const token = "{token}"

// page is Link without query and fragment, and rest are those.
func (f Flow) page() (page, rest string) {
	if i := strings.IndexAny(f.Link, "?#"); i >= 0 {
		return f.Link[:i], f.Link[i:]
	}
	return f.Link, ""
}
