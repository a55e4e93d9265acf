// Package email checks e-mail addresses and returns the canonical form by which
// they are compared: two spellings of one address have one canonical form, and
// two addresses have two.
//
//	key, err := email.Canonical("Ada@Example.COM") // "ada@example.com"
//
// An address is a dot-atom, an @-sign and a domain of two or more labels (RFC
// 5321 section 4.1.2, RFC 6531 for letters beyond ASCII). What mail programs
// show around addresses is refused: display names, comments, quotes, spaces; so
// are address literals.
//
// Security notes. Letter case, Unicode composition and the spellings of an
// international domain do not make another address. Dots and "+tag" do, since
// only the mailbox's provider decides what they mean. Letters that merely look
// alike ("ı" and "i", Cyrillic "а" and Latin "a") are different addresses, so
// mail must go to the stored address, never to the one that was typed when
// asking for it. Control characters, line breaks and invalid UTF-8 never pass,
// so an address cannot add a header to a mail or a line to a log.
package email

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// maxAddress and maxLocal are in bytes: RFC 5321 sections 4.5.3.1.3 (256, less
// the angle brackets) and 4.5.3.1.1.
const (
	maxAddress = 254
	maxLocal   = 64
)

// The errors are shown to the person who typed the address. They are constant,
// so that they never repeat it.
var (
	errTooLong = errors.New("The e-mail address is too long")
	errText    = errors.New("The e-mail address is not valid text")
	errAt      = errors.New("An e-mail address has exactly one @-sign")
	errLocal   = errors.New("The part before the @-sign is not valid")
	errDomain  = errors.New("The part after the @-sign is not valid")
)

// Canonical checks an address and returns its canonical form, which is at most
// 254 bytes long and its own canonical form. It is a core.Canonicalizer: the
// error's text is for people and does not repeat the address.
func Canonical(address string) (string, error) {
	if len(address) > maxAddress {
		return "", errTooLong
	}
	if !utf8.ValidString(address) {
		return "", errText
	}
	// Done first, this leaves nothing to change in nearly all addresses.
	lower := strings.Map(lowerASCII, address)
	typedLocal, typedDomain, found := strings.Cut(lower, "@")
	if !found || strings.Contains(typedDomain, "@") {
		return "", errAt
	}
	local, err := canonicalLocal(typedLocal)
	if err != nil {
		return "", err
	}
	domain, err := canonicalDomain(typedDomain)
	if err != nil {
		return "", err
	}
	if local == typedLocal && domain == typedDomain {
		return lower, nil
	}
	if len(local)+len("@")+len(domain) > maxAddress {
		return "", errTooLong
	}
	return local + "@" + domain, nil
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + ('a' - 'A')
	}
	return r
}
