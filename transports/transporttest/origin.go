package transporttest

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// crossSite holds the headers of requests that a page of another origin makes a
// browser send; sameSite holds their legitimate twins.
var (
	crossSite = []http.Header{
		fetched("cross-site", "https://evil.example"),
		fetched("same-site", "https://evil.app.example"),
		fetched("cross-site", "null"),
		{"Origin": {"https://evil.example"}},
		{"Origin": {"null"}},
	}
	sameSite = []http.Header{
		fetched("same-origin", "https://app.example"),
		{"Sec-Fetch-Site": {"none"}},
		{"Origin": {"https://app.example"}},
		{}, // not a browser
	}
)

// ambientCases returns the cases about credentials that browsers keep and
// attach by themselves.
func ambientCases(harness Harness) []Case {
	refused := &core.Error{Code: core.CodeCrossOriginRefused, Status: http.StatusForbidden}
	return []Case{
		{"forget", "after Clear, in a later response or in the same one, the client has no credential", func(t core.Transport) error {
			later := core.Empty(0)
			t.Clear(later)
			same := login(t, token)
			t.Clear(same)
			return errors.Join(wantNone(t, post(harness.Client(login(t, token), later))),
				wantNone(t, post(harness.Client(same))))
		}},
		{"forget two", "the error of two credentials has the header that makes the client forget them, so that a login helps", func(t core.Transport) error {
			mine := harness.Client(login(t, token))
			_, err := t.Extract(post(mine, mine))
			var refusal *core.Error
			if !errors.As(err, &refusal) {
				return fmt.Errorf("Extract returns %v", err)
			}
			answer := &core.Response{Status: refusal.Status, Header: refusal.Header}
			return wantNone(t, post(harness.Client(login(t, token), answer)))
		}},
		{"cross-origin", "a credential that comes from another origin with an unsafe method is *Error 403 CROSS_ORIGIN_REFUSED", func(t core.Transport) error {
			return each(crossSite, func(site http.Header) error {
				return wantError(t, post(harness.Client(login(t, token)), site), refused)
			})
		}},
		{"cross-origin, nothing to protect", "without a credential Extract does not look at the origin: ErrNoCredential", func(t core.Transport) error {
			return each(crossSite, func(site http.Header) error { return wantNone(t, post(site)) })
		}},
		{"same origin", "a request from the site's own pages, or from something other than a browser, passes", func(t core.Transport) error {
			return each(sameSite, func(site http.Header) error {
				return errors.Join(t.Protect(post(site)), wantToken(t, post(harness.Client(login(t, token)), site), token))
			})
		}},
		{"safe methods", "a safe method passes from anywhere", func(t core.Transport) error {
			return each(crossSite, func(site http.Header) error {
				h := post(harness.Client(login(t, token)), site)
				h.method = http.MethodGet
				return errors.Join(t.Protect(h), wantToken(t, h, token))
			})
		}},
		{"protect", "Protect refuses another origin's unsafe request without a credential too: the login itself is worth forging", func(t core.Transport) error {
			return each(crossSite, func(site http.Header) error {
				if err := t.Protect(post(site)); !errors.Is(err, refused) {
					return fmt.Errorf("Protect returns %v", err)
				}
				return nil
			})
		}},
	}
}

// explicitCases returns the cases about credentials that a client attaches on
// purpose.
func explicitCases(harness Harness) []Case {
	return []Case{
		{"any origin", "a credential that no browser attaches by itself is valid from every origin", func(t core.Transport) error {
			return each(crossSite, func(site http.Header) error {
				return errors.Join(t.Protect(post(site)), wantToken(t, post(harness.Client(login(t, token)), site), token))
			})
		}},
	}
}

// each joins the errors of check for each header.
func each(headers []http.Header, check func(http.Header) error) error {
	var errs []error
	for _, h := range headers {
		if err := check(h); err != nil {
			errs = append(errs, fmt.Errorf("with %v: %w", h, err))
		}
	}
	return errors.Join(errs...)
}
