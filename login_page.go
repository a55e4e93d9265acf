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
	return toPage("LoginPage", path, func(refusal *Error) (url.Values, bool) {
		return url.Values{}, refusal.Status == http.StatusUnauthorized
	})
}

// ProvePage sends a browser whose login must be proved once more to the page at
// path, as LoginPage does where there is no login, and beside guards that ask
// for a proof:
//
//	fresh := httpauth.Require(auth, latchkey.Fresh(10*time.Minute),
//		latchkey.LoginPage("/login"), latchkey.ProvePage("/prove"))
//	mux.Handle("GET /plan/cancel", fresh(cancel))
//
// It turns the 403 PROOF_REQUIRED of a safe method. ?methods= has the methods
// that would do, separated by spaces, where the guard names some; the page of
// package pages is at /prove and reads both. Where the page posts a form, the
// guard belongs before the form's own page too: what is posted is not kept.
func ProvePage(path string) Guard {
	return toPage("ProvePage", path, func(refusal *Error) (url.Values, bool) {
		query := url.Values{}
		if methods, _ := refusal.Members["methods"].([]string); len(methods) > 0 {
			query.Set("methods", strings.Join(methods, " "))
		}
		return query, refusal.Code == core.CodeProofRequired
	})
}

// toPage turns those refusals of browsers that which returns true for, with its
// query beside next.
func toPage(name, path string, which func(*Error) (query url.Values, turns bool)) Guard {
	if !core.LocalPath(path) {
		panic(fmt.Sprintf("latchkey: %s(%q): it must be a path on this site that begins with one slash", name, path))
	}
	return Guard{Name: name, Refused: func(h core.Head, refusal *Error) *Error {
		query, turns := which(refusal)
		if !turns || !core.IsSafeMethod(h.Method()) || !acceptsHTML(h) {
			return nil
		}
		if target := core.Target(h); core.LocalPath(target) {
			query.Set("next", target)
		}
		return &Error{Status: http.StatusSeeOther, Header: http.Header{"Location": {withParams(path, query)}}}
	}}
}

func acceptsHTML(h core.Head) bool {
	return strings.Contains(strings.Join(h.Lines("Accept"), ","), "text/html")
}
