package transporttest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// pending is the secret of a pending login.
const pending = "PendingPendingPendingPendingPendingPending-"

// holderCases returns the cases about transports that keep pending logins at
// the client. A transport that is not a core.Holder passes.
func holderCases(harness Harness) []Case {
	held := func(h core.Holder, secret string) http.Header { return harness.Client(hold(h, secret)) }
	cases := []struct {
		name, rule string
		check      func(t core.Transport, h core.Holder) error
	}{
		{
			"hold", "the client's next request carries exactly the secret that Hold was given last, and no other request carries one",
			func(t core.Transport, h core.Holder) error {
				return errors.Join(
					wantHeld(h, post(held(h, pending)), pending),
					wantHeld(h, post(harness.Client(hold(h, "another"), hold(h, pending))), pending),
					wantHeld(h, post(harness.Client(login(t, token), hold(h, pending))), pending),
					wantHeld(h, post(), ""),
					wantHeld(h, post(harness.Client(login(t, token))), ""),
				)
			},
		},
		{
			"hold no credential", "a pending login is not a credential, and does not hide one",
			func(t core.Transport, h core.Holder) error {
				both := post(harness.Client(login(t, token), hold(h, pending)))
				return errors.Join(wantNone(t, post(held(h, pending))), wantToken(t, both, token))
			},
		},
		{
			"hold quietly", "Hold and Release set neither status nor body; the secret is in one HttpOnly cookie and nowhere else",
			func(_ core.Transport, h core.Holder) error {
				return errors.Join(quiet(hold(h, pending)), quiet(released(h)), onlyHidden(hold(h, pending)))
			},
		},
		{
			"release", "after Release, later or in the same response, the client sends no secret; its credential stays",
			func(t core.Transport, h core.Holder) error {
				same := hold(h, pending)
				h.Release(same)
				after := post(harness.Client(login(t, token), hold(h, pending), released(h)))
				return errors.Join(wantHeld(h, post(harness.Client(same)), ""), wantHeld(h, after, ""), wantToken(t, after, token))
			},
		},
		{
			"hold malformed", "two secrets count as none, and so does what cannot be one",
			func(_ core.Transport, h core.Holder) error {
				errs := []error{wantHeld(h, post(held(h, pending), held(h, "another")), "")}
				for _, bad := range []string{`"` + pending + `"`, pending + ",", pending + "\x00", "é",
					strings.Repeat("a", 1<<20)} {
					errs = append(errs, wantHeld(h, post(replaced(held(h, pending), pending, bad)), ""))
				}
				return errors.Join(errs...)
			},
		},
		{
			"hold cross-origin", "an unsafe request from another origin carries no secret; one from the site's own pages does",
			func(_ core.Transport, h core.Holder) error {
				return errors.Join(
					each(crossSite, func(site http.Header) error { return wantHeld(h, post(held(h, pending), site), "") }),
					each(sameSite, func(site http.Header) error { return wantHeld(h, post(held(h, pending), site), pending) }),
				)
			},
		},
	}
	out := make([]Case, len(cases))
	for i, c := range cases {
		out[i] = Case{c.name, c.rule, func(t core.Transport) error {
			h, ok := core.As[core.Holder](t)
			if !ok {
				return nil
			}
			return c.check(t, h)
		}}
	}
	return out
}

func hold(h core.Holder, secret string) *core.Response {
	resp := core.Empty(0)
	h.Hold(resp, secret, time.Minute)
	return resp
}

func released(h core.Holder) *core.Response {
	resp := core.Empty(0)
	h.Release(resp)
	return resp
}

func quiet(resp *core.Response) error {
	if resp.Status != 0 || resp.Body != nil {
		return fmt.Errorf("status %d, body %q", resp.Status, resp.Body)
	}
	return nil
}

// onlyHidden returns an error unless the secret is in one cookie that scripts
// cannot read, and nowhere else.
func onlyHidden(resp *core.Response) error {
	hidden := 0
	for name, lines := range resp.Header {
		for _, line := range lines {
			if !strings.Contains(line, pending) {
				continue
			}
			if c, err := http.ParseSetCookie(line); name != "Set-Cookie" || err != nil || !c.HttpOnly {
				return fmt.Errorf("%s: %s contains the secret", name, line)
			}
			hidden++
		}
	}
	if hidden != 1 {
		return fmt.Errorf("the secret is in %d cookies", hidden)
	}
	return nil
}

func wantHeld(h core.Holder, r head, want string) error {
	if got := h.Held(r); got != want {
		return fmt.Errorf("Held is %.80q, want %q", got, want)
	}
	return nil
}
