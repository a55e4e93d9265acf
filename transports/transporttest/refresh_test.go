package transporttest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/transporttest"
)

// carrying is a transport in cookies that carries refresh tokens.
type carrying struct {
	*fake
	refresh func(h core.Head) (string, error)
}

func (carrying) CarriesRefresh() bool                         { return true }
func (c carrying) ExtractRefresh(h core.Head) (string, error) { return c.refresh(h) }

func carrier() *carrying {
	c := &carrying{fake: ambient()}
	attach, clear := c.attach, c.clear
	c.attach = func(resp *core.Response, token core.Token) {
		attach(resp, token)
		if token.Refresh != "" {
			drop(resp, "r=")
			resp.Header.Add("Set-Cookie", "r="+token.Refresh+"; Path=/; HttpOnly")
		}
	}
	c.clear = func(resp *core.Response) {
		clear(resp)
		drop(resp, "r=")
		resp.Header.Add("Set-Cookie", "r=; Path=/; Max-Age=0; HttpOnly")
	}
	c.refresh = func(h core.Head) (string, error) {
		value, err := core.CookieValue(h, "r")
		if err != nil {
			if refusal, ok := err.(*core.Error); ok {
				refusal.Header = http.Header{"Set-Cookie": {"r=; Path=/; Max-Age=0; HttpOnly"}}
			}
			return "", err
		}
		if err := c.protect(h); err != nil {
			return "", err
		}
		return value, nil
	}
	return c
}

func drop(resp *core.Response, name string) {
	resp.Header["Set-Cookie"] = slices.DeleteFunc(resp.Header["Set-Cookie"],
		func(line string) bool { return strings.HasPrefix(line, name) })
}

func TestGoodCarrier(t *testing.T) {
	transporttest.Run(t, transporttest.Harness{New: func(*testing.T) core.Transport { return carrier() }, Ambient: true})
}

func TestBrokenCarriers(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(c *carrying)
		fails string
	}{
		"forgets the refresh token": {func(c *carrying) { c.attach = ambient().attach }, "refresh token"},
		"takes one for the other":   {func(c *carrying) { c.refresh = c.extract }, "refresh token"},
		"for scripts": {func(c *carrying) {
			attach := c.attach
			c.attach = func(resp *core.Response, token core.Token) {
				attach(resp, token)
				for i, line := range resp.Header["Set-Cookie"] {
					resp.Header["Set-Cookie"][i] = strings.ReplaceAll(line, "; HttpOnly", "")
				}
			}
		}, "refresh token hidden"},
		"in the body": {func(c *carrying) {
			attach := c.attach
			c.attach = func(resp *core.Response, token core.Token) {
				attach(resp, token)
				resp.Body, _ = json.Marshal(token.Refresh)
			}
		}, "refresh token hidden"},
		"clears one of two": {func(c *carrying) { c.clear = ambient().clear }, "refresh token cleared"},
		"takes the first": {func(c *carrying) {
			c.refresh = func(h core.Head) (string, error) {
				all, _ := http.ParseCookie(strings.Join(h.Lines("Cookie"), "; "))
				for _, one := range all {
					if one.Name == "r" {
						return one.Value, c.protect(h)
					}
				}
				return "", core.ErrNoCredential
			}
		}, "refresh token twice"},
		"from any origin": {func(c *carrying) {
			c.refresh = func(h core.Head) (string, error) { return core.CookieValue(h, "r") }
		}, "refresh token cross-origin"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := carrier()
			tt.spoil(broken)
			failed := failing(broken, transporttest.Harness{
				New: func(*testing.T) core.Transport { return broken }, Ambient: true,
			})
			if !slices.Contains(failed, tt.fails) {
				t.Errorf("it fails %q, not %q", failed, tt.fails)
			}
		})
	}
}
