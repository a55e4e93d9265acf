package core

import "strings"

// IsCrossOrigin reports whether a browser sent a request with an unsafe method
// from another origin than the one it goes to, as far as the request shows
// (OWASP "Cross-Site Request Forgery Prevention", Fetch Metadata). It decides
// as net/http's IsCrossOriginProtection does:
//
//   - a safe method (see [Safe]) never is cross-origin;
//   - an Origin for which trusted says yes is not (trusted may be nil);
//   - Sec-Fetch-Site, which all browsers send since 2023 (over https and to
//     localhost), decides where it is present: same-origin and none (the
//     person's own doing, such as a reload) are not;
//   - else Origin decides: it must be http or https on exactly the request's
//     Host, port included. Host does not tell the scheme, so http and https of
//     one host are one here; HSTS closes that;
//   - without both, the client is no browser, or a very old one, and passes: a
//     Referer is not looked at.
//
// Both headers are compared byte by byte, and one of them sent twice is
// cross-origin.
func IsCrossOrigin(h Head, trusted func(origin string) bool) bool {
	if IsSafeMethod(h.Method()) {
		return false
	}
	if len(h.Lines("Sec-Fetch-Site")) > 1 || len(h.Lines("Origin")) > 1 {
		return true
	}
	site, origin := Line(h, "Sec-Fetch-Site"), Line(h, "Origin")
	switch {
	case origin != "" && trusted != nil && trusted(origin):
		return false
	case site != "":
		return site != "same-origin" && site != "none"
	}
	return origin != "" && !onHost(origin, h.Host())
}

// onHost reports whether a web origin's host and port are exactly those of a
// Host header.
func onHost(origin, host string) bool {
	scheme, rest, ok := strings.Cut(origin, "://")
	return ok && (scheme == "http" || scheme == "https") && rest == host
}
