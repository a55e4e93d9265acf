package latchkey

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// LoginPage sends a browser that lacks a good login to the page at path, and
// with ?next= back to where it wanted to go, for handlers that answer in HTML:
//
//	guard := httpauth.Require(auth, latchkey.LoginPage("/login"))
//	mux.Handle("GET /plan", guard(plan))
//
// It turns the 401 of a safe method that accepts text/html into a 303; programs
// and forms still get the 401. next is a path with its query, on this site, and
// is left out where the request's is not one that core.LocalPath accepts. The
// page must check it again, since everybody can write such a link. path is
// checked in the same way: another one panics.
func LoginPage(path string) Guard {
	if !core.LocalPath(path) {
		panic(fmt.Sprintf("latchkey: LoginPage(%q): it must be a path on this site that begins with one slash", path))
	}
	return Guard{Name: "login page", Refused: func(h core.Head, refusal *Error) *Error {
		if refusal.Status != http.StatusUnauthorized || !core.IsSafeMethod(h.Method()) || !acceptsHTML(h) {
			return nil
		}
		to := path
		if target := core.Target(h); core.LocalPath(target) {
			to = withParams(path, url.Values{"next": {target}})
		}
		return &Error{Status: http.StatusSeeOther, Header: http.Header{"Location": {to}}}
	}}
}

func acceptsHTML(h core.Head) bool {
	return strings.Contains(strings.Join(h.Lines("Accept"), ","), "text/html")
}
