package latchkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// ambient reports whether browsers send a transport's token by themselves.
func ambient(t core.Transport) bool {
	a, ok := core.As[core.Ambient](t)
	return ok && a.Ambient()
}

// cookieOf returns the name of the cookie in which a transport's token travels,
// "" for another transport.
func cookieOf(t core.Transport) string {
	var scheme struct{ Type, In, Name string }
	if json.Unmarshal(t.Scheme(), &scheme) != nil || scheme.Type != "apiKey" || scheme.In != "cookie" {
		return ""
	}
	return scheme.Name
}

// standing reports whether a strategy's tokens are not the answer to a login.
func standing(s core.Strategy) bool {
	st, ok := core.As[core.Standing](s)
	return ok && st.Standing()
}

// renews reports whether a strategy's logins have a refresh token.
func renews(s core.Strategy) bool {
	_, ok := core.As[core.Renewer](s)
	return ok && !standing(s)
}

// carriesRefresh reports whether a transport carries the refresh token too.
func carriesRefresh(t core.Transport) bool {
	c, ok := core.As[core.RefreshCarrier](t)
	return ok && c.CarriesRefresh()
}

// refreshErrors joins what backends whose logins have refresh tokens miss.
func refreshErrors(backends []Backend) error {
	var errs []error
	for _, b := range backends {
		switch carries := carriesRefresh(b.Transport); {
		case renews(b.Strategy) && ambient(b.Transport) && !carries:
			errs = append(errs, fmt.Errorf("backend %q: its strategy issues refresh tokens, which its transport does not carry: "+
				"set cookie.Options.RefreshPath to the prefix of Login(%q)", b.Name, b.Name))
		case !renews(b.Strategy) && carries:
			errs = append(errs, fmt.Errorf("backend %q: its transport would carry refresh tokens (cookie.Options.RefreshPath), "+
				"and its strategy issues none", b.Name))
		}
	}
	return errors.Join(errs...)
}

// maxAccess is how long an access token should live beside a refresh token.
const maxAccess = time.Hour

// warnLasting warns of refresh tokens that spare nothing.
func (o Options[U]) warnLasting() {
	for _, b := range o.Backends {
		if l, ok := core.As[core.Lasting](b.Strategy); ok && renews(b.Strategy) && l.Lifetime() > maxAccess {
			o.Log.Warn("latchkey: access tokens live for more than an hour beside a refresh token: a stolen one, and one of a "+
				"login that has ended elsewhere, may work as long; some minutes are enough", "backend", b.Name, "lifetime", l.Lifetime())
		}
	}
}

// unencrypted reports whether a transport is set up for plain http.
func unencrypted(t core.Transport) bool {
	u, ok := core.As[core.Unencrypted](t)
	return ok && u.InsecureHTTP()
}

func (a *Auth[U]) publicKeys() []json.RawMessage {
	keys := []json.RawMessage{} // never null
	for _, b := range a.opts.Backends {
		if set, ok := core.As[core.KeySet](b.Strategy); ok {
			keys = append(keys, set.PublicKeys()...)
		}
	}
	return keys
}

// infoOf is what flows see of a backend.
func infoOf(b Backend) core.BackendInfo {
	return core.BackendInfo{
		Name: b.Name, BrowserSent: ambient(b.Transport), InsecureHTTP: unencrypted(b.Transport),
		Cookie: cookieOf(b.Transport), Renews: renews(b.Strategy), CarriesRefresh: carriesRefresh(b.Transport),
	}
}

// backendInfos are those of the backends that have logins.
func backendInfos(backends []Backend) (infos []core.BackendInfo) {
	for _, b := range backends {
		if b.Transport != nil && b.Strategy != nil && !standing(b.Strategy) {
			infos = append(infos, infoOf(b))
		}
	}
	return infos
}
