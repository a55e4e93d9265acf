package maillogin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/flowcookie"
)

// browser keeps the secrets of flows in the browser that asked for the mails,
// which so needs no script for them. A client without cookies has them from the
// answers.
type browser struct{ core.BackendInfo }

// maxHeld is how many flows of a browser are kept: people ask again while the
// first mail is on its way, and then use either.
const maxHeld = 3

// cookie is named after the backend's: "__Host-latchkey-mail".
func (b browser) cookie() http.Cookie { return flowcookie.Of(b.BackendInfo, "mail") }

// hold adds a flow to those of a browser.
func (b browser) hold(h core.Head, resp *core.Response, flow string, age time.Duration) {
	if !b.BrowserSent {
		return
	}
	flows := append([]string{flow}, b.held(h)...)
	c := b.cookie()
	c.Value = strings.Join(flows[:min(len(flows), maxHeld)], ".")
	c.MaxAge = int((age + time.Second - 1) / time.Second)
	resp.Header.Add("Set-Cookie", c.String())
}

// held returns a browser's flows, the newest first. There are none in two
// cookies of the name.
func (b browser) held(h core.Head) []string {
	if !b.BrowserSent {
		return nil
	}
	value, err := core.CookieValue(h, b.cookie().Name)
	if err != nil {
		return nil
	}
	flows := strings.SplitN(value, ".", maxHeld+1)
	flows = slices.DeleteFunc(flows, func(flow string) bool { return len(flow) != core.SecretLen })
	return flows[:min(len(flows), maxHeld)]
}

// release makes a browser forget its flows, if it has any.
func (b browser) release(h core.Head, resp *core.Response) {
	if len(b.held(h)) == 0 {
		return
	}
	c := b.cookie()
	c.MaxAge = -1
	resp.Header.Add("Set-Cookie", c.String())
}
