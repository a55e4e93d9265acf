// Package flowcookie names the cookies that a flow keeps in the browsers of a
// backend, beside that backend's own.
//
//	c := flowcookie.Of(svc.Backend, "trusted") // __Host-latchkey-trusted
//	c.Value, c.MaxAge = secret, int(age/time.Second)
//	resp.Header.Add("Set-Cookie", c.String())
package flowcookie

import (
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Of returns a cookie without value and age. Its name is that of the backend's
// cookie with a dash and a word. It is HttpOnly, SameSite=Lax, for this host
// alone, and Secure unless the backend is set up for plain http.
func Of(b core.BackendInfo, word string) http.Cookie {
	name := b.Cookie
	switch {
	case name != "":
	case b.InsecureHTTP:
		name = "latchkey"
	default:
		name = "__Host-latchkey"
	}
	return http.Cookie{
		Name: name + "-" + word, Path: "/", HttpOnly: true, Secure: !b.InsecureHTTP, SameSite: http.SameSiteLaxMode,
	}
}
