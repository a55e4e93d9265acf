package oauth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// A state is sealed by the server: when the flow ends and, for a browser that
// came by redirect_to, the page to which it returns. So whether it is one of
// ours and still good is known without the browser's cookie, and so is where a
// browser that has lost the cookie goes with an error. It is a word of
// base64url: 67 characters, and four for every three bytes of the page.
const (
	flowKey      = "f" // the ID of the one key
	stateContext = "oauth state"
	// maxState is less than what providers cut off or refuse.
	maxState = 500
	// maxTarget is how much of a page's URL a state has room for.
	maxTarget = 320
)

// record is a flow on its way through the browser, sealed into a cookie.
type record struct {
	Provider   string `json:"p"`
	Backend    string `json:"b,omitempty"` // of a login
	UserID     string `json:"u,omitempty"` // of an association
	Verifier   string `json:"v"`
	Nonce      string `json:"n"`
	Redirect   string `json:"r"`           // the redirect URI
	RedirectTo string `json:"t,omitempty"` // where a browser goes at the end; "" for an answer in JSON
	Brief      bool   `json:"f,omitempty"` // the login ends with the browser
	Challenge  string `json:"c,omitempty"` // of the application that will exchange the code of a redirect
}

// newState makes a state that ends at the given time; target is "" for a flow
// that ends in JSON.
func (e *engine) newState(ends time.Time, target string) string {
	plain := strconv.FormatInt(ends.Unix(), 10)
	if target != "" {
		plain += " " + shortened(target)
	}
	_, word, _ := strings.Cut(e.sealed.Seal([]byte(plain), stateContext), ".") // the key is always the same
	return word
}

// openState returns the end of a state of ours, and the page in it if it still
// is one that browsers may be sent to; 400 ACCESS_TOKEN_DECODE_ERROR for
// anything else.
func (e *engine) openState(state string) (ends time.Time, target string, err error) {
	undecodable := core.Refuse(core.CodeOAuthStateUndecodable)
	if len(state) > maxState {
		return ends, "", undecodable
	}
	plain, err := e.sealed.Open(flowKey+"."+state, stateContext)
	if err != nil {
		return ends, "", undecodable
	}
	seconds, target, _ := strings.Cut(string(plain), " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return ends, "", undecodable
	}
	if !e.mayRedirect(target) {
		target = ""
	}
	return time.Unix(unix, 0), target, nil
}

// shortened returns as much of a target as a state has room for: all of it, its
// path, or the front page of its origin.
func shortened(target string) string {
	path, _, _ := strings.Cut(target, "#")
	path, _, _ = strings.Cut(path, "?")
	u, err := url.Parse(target)
	switch {
	case len(target) <= maxTarget:
		return target
	case len(path) <= maxTarget:
		return path
	case err == nil && u.Host != "":
		return u.Scheme + "://" + u.Host + "/"
	}
	return "/"
}

// keep puts the record into the browser.
func (e *engine) keep(resp *core.Response, state string, rec record) error {
	plain, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	name := e.cookieName(state)
	e.setCookie(resp, name, e.sealed.Seal(plain, name), int(e.Lifetime/time.Second))
	return nil
}

// found returns the record of a state from the browser's cookie: 400
// OAUTH_INVALID_STATE if this browser did not begin the flow.
func (e *engine) found(h core.Head, state string) (record, error) {
	return e.inCookie(h, e.cookieName(state))
}

// inCookie returns the record of a flow from its cookie.
func (e *engine) inCookie(h core.Head, name string) (record, error) {
	sealed, err := core.CookieValue(h, name)
	if err != nil {
		return record{}, core.Refuse(core.CodeOAuthInvalidState)
	}
	plain, err := e.sealed.Open(sealed, name)
	if err != nil {
		return record{}, core.Refuse(core.CodeOAuthInvalidState)
	}
	var rec record
	if err := json.Unmarshal(plain, &rec); err != nil {
		return record{}, fmt.Errorf("a sealed flow record cannot be read: %w", err)
	}
	if rec.RedirectTo != "" && !e.mayRedirect(rec.RedirectTo) { // the list has changed meanwhile
		return record{}, core.Refuse(core.CodeOAuthInvalidState)
	}
	return rec, nil
}
