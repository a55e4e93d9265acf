package transporttest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// refreshToken is that of a login.
const refreshToken = "RefreshRefreshRefreshRefreshRefreshRefresh-"

// refreshCases returns the cases about transports that carry refresh tokens. A
// transport that is not a core.RefreshCarrier, or is not set up for it, passes.
func refreshCases(harness Harness) []Case {
	renewed := func(t core.Transport, raw, refresh string) *core.Response {
		resp := core.Empty(0)
		t.Attach(resp, core.Token{
			Raw: raw, Refresh: refresh, Expires: time.Now().Add(time.Hour), RefreshExpires: time.Now().Add(24 * time.Hour),
		})
		return resp
	}
	sent := func(t core.Transport) http.Header { return harness.Client(renewed(t, token, refreshToken)) }
	cases := []struct {
		name, rule string
		check      func(t core.Transport, c core.RefreshCarrier) error
	}{
		{
			"refresh token", "the client's next request carries exactly the tokens that were attached last, each as what it is; a login without a refresh token leaves the one before",
			func(t core.Transport, c core.RefreshCarrier) error {
				after := post(harness.Client(renewed(t, "before", "before"), renewed(t, token, refreshToken)))
				kept := post(harness.Client(renewed(t, "before", refreshToken), login(t, token)))
				return errors.Join(wantRefresh(c, after, refreshToken), wantToken(t, after, token),
					wantRefresh(c, kept, refreshToken),
					wantRefreshError(c, post(harness.Client(login(t, token))), core.ErrNoCredential))
			},
		},
		{
			"refresh token hidden", "the refresh token is in one cookie that scripts cannot read, and nowhere else",
			func(t core.Transport, _ core.RefreshCarrier) error { return hidden(renewed(t, token, refreshToken)) },
		},
		{
			"refresh token cleared", "after Clear, later or in the same response, the client sends neither token",
			func(t core.Transport, c core.RefreshCarrier) error {
				same, later := renewed(t, token, refreshToken), core.Empty(0)
				t.Clear(same)
				t.Clear(later)
				var errs []error
				for _, h := range []head{
					post(harness.Client(same)), post(harness.Client(renewed(t, token, refreshToken), later)),
				} {
					errs = append(errs, wantRefreshError(c, h, core.ErrNoCredential), wantNone(t, h))
				}
				return errors.Join(errs...)
			},
		},
		{
			"refresh token twice", "two refresh tokens are 400 DUPLICATE_CREDENTIALS, with what makes the client forget them",
			func(t core.Transport, c core.RefreshCarrier) error {
				_, err := c.ExtractRefresh(post(sent(t), harness.Client(renewed(t, token, "another"))))
				var refusal *core.Error
				if !errors.As(err, &refusal) || !errors.Is(err, core.Refuse(core.CodeDuplicateCredentials)) ||
					len(refusal.Header) == 0 {
					return fmt.Errorf("the error is %v", err)
				}
				return nil
			},
		},
		{
			"refresh token cross-origin", "an unsafe request from another origin is 403 CROSS_ORIGIN_REFUSED; one from the site's own pages is not",
			func(t core.Transport, c core.RefreshCarrier) error {
				refused := &core.Error{Status: http.StatusForbidden, Code: core.CodeCrossOriginRefused}
				return errors.Join(
					each(crossSite, func(site http.Header) error { return wantRefreshError(c, post(sent(t), site), refused) }),
					each(sameSite, func(site http.Header) error { return wantRefresh(c, post(sent(t), site), refreshToken) }),
				)
			},
		},
	}
	out := make([]Case, len(cases))
	for i, one := range cases {
		out[i] = Case{one.name, one.rule, func(t core.Transport) error {
			c, ok := core.As[core.RefreshCarrier](t)
			if !ok || !c.CarriesRefresh() {
				return nil
			}
			return one.check(t, c)
		}}
	}
	return out
}

// hidden returns an error unless the refresh token is in one cookie that
// scripts cannot read, and nowhere else.
func hidden(resp *core.Response) error {
	if strings.Contains(string(resp.Body), refreshToken) {
		return errors.New("the body contains the refresh token")
	}
	found := 0
	for name, lines := range resp.Header {
		for _, line := range lines {
			if !strings.Contains(line, refreshToken) {
				continue
			}
			if c, err := http.ParseSetCookie(line); name != "Set-Cookie" || err != nil || !c.HttpOnly {
				return fmt.Errorf("%s: %s contains the refresh token", name, line)
			}
			found++
		}
	}
	if found != 1 {
		return fmt.Errorf("the refresh token is in %d cookies", found)
	}
	return nil
}

func wantRefresh(c core.RefreshCarrier, h head, want string) error {
	if got, err := c.ExtractRefresh(h); got != want || err != nil {
		return fmt.Errorf("ExtractRefresh returns %.80q, %v; want %q", got, err, want)
	}
	return nil
}

func wantRefreshError(c core.RefreshCarrier, h head, want error) error {
	if got, err := c.ExtractRefresh(h); got != "" || !errors.Is(err, want) {
		return fmt.Errorf("ExtractRefresh returns %.80q, %v; want %v", got, err, want)
	}
	return nil
}
