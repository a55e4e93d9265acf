package email

import (
	"strings"

	"golang.org/x/net/idna"
)

// strict maps as UTS 46 does for look-ups (non-transitional, STD 3 rules) and
// checks all that it can: hyphens, joiners, writing direction, lengths.
var strict = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

// canonicalDomain returns the domain in A-labels.
func canonicalDomain(s string) (string, error) {
	domain, err := strict.ToASCII(s)
	if err != nil || !hasTopLevel(domain) || !roundTrips(domain) {
		return "", errDomain
	}
	return domain, nil
}

// hasTopLevel wants a second label, not empty (a trailing dot) and not all
// digits (an IPv4 address; RFC 3696 section 2).
func hasTopLevel(domain string) bool {
	dot := strings.LastIndexByte(domain, '.')
	return dot >= 0 && strings.Trim(domain[dot+1:], "0123456789") != ""
}

// roundTrips refuses A-labels that are not the one encoding of a valid U-label.
// The package misses some: it maps the symbol ℵ to the letter alef, without the
// letter's rules of writing direction.
func roundTrips(domain string) bool {
	if !strings.Contains(domain, "xn--") {
		return true
	}
	decoded, err := strict.ToUnicode(domain)
	if err != nil {
		return false
	}
	again, err := strict.ToASCII(decoded)
	return err == nil && again == domain
}
