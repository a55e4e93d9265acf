package importers

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// Bounds of what a record may have, in bytes.
const (
	maxHash    = 1 << 10
	maxID      = 255
	maxSubject = 255 // core.OAuthIdentity's
	maxReason  = 1 << 10
	maxToken   = 8 << 10 // sealed, it has to fit into 16 KiB
	maxOwn     = 1 << 20

	maxLinks = 100 // accounts
)

// forGood is when a suspension ends that does not; see core.User.
var forGood = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// faulty returns what is wrong with a record, "" for nothing. It does not
// repeat the record's values.
func faulty(rec Record, links []core.OAuthAccount) string {
	own := 0
	for _, members := range []core.Object{rec.Own, rec.ByOwner} {
		for name, value := range members {
			own += len(name) + len(value)
		}
	}
	switch {
	case !isText(rec.ID, maxID):
		return "its ID is no text of at most 255 bytes"
	case !isText(string(rec.Hash), maxHash):
		return "its password's hash is no text of at most 1 KiB"
	case !isText(rec.SuspendedFor, maxReason):
		return "the reason of its suspension is no text of at most 1 KiB"
	case !isPlausible(rec.Created):
		return "the time of its creation is out of range"
	case !isPlausible(rec.SuspendedUntil):
		return "the end of its suspension is out of range"
	case len(rec.Links) > maxLinks:
		return "it has more than 100 accounts at providers"
	case own > maxOwn:
		return "its own members have more than 1 MiB"
	}
	for _, l := range links {
		if fault := faultyLink(l); fault != "" {
			return fault
		}
	}
	return ""
}

// nameLetters are those of a provider's name; see core.Provider.
const nameLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_"

func faultyLink(l core.OAuthAccount) string {
	if l.Provider == "" || len(l.Provider) > 64 || strings.Trim(l.Provider, nameLetters) != "" {
		return "the name of a provider has other characters than a–z, 0–9, - and _ (Options.Providers)"
	}
	fault := func(what string) string { return fmt.Sprintf("its account at %s: %s", l.Provider, what) }
	switch {
	case l.Subject == "" || !isText(l.Subject, maxSubject):
		return fault("the subject is no text of at most 255 bytes")
	case !isText(l.Email, maxSubject):
		return fault("the address is no text of at most 255 bytes")
	case len(l.AccessToken) > maxToken || len(l.RefreshToken) > maxToken:
		return fault("a token has more than 8 KiB")
	case !isPlausible(l.Expires):
		return fault("the end of its token is out of range")
	}
	return ""
}

// isText reports whether every store can keep a text: valid UTF-8 without
// control characters.
func isText(s string, most int) bool {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, control)
}

// isPlausible reports whether a time is none, or one since 1970 that all stores
// can keep.
func isPlausible(t time.Time) bool {
	return t.IsZero() || t.Unix() >= 0 && !t.After(forGood)
}

// links returns a record's accounts under the names that providers have here,
// each once; none of a record that has too many, which are compared with each
// other.
func (r *run[U]) links(rec Record) (all []core.OAuthAccount) {
	if len(rec.Links) > maxLinks {
		return nil
	}
	for _, l := range rec.Links {
		name, renamed := r.Providers[l.Provider]
		if !renamed {
			name = l.Provider
		}
		known := func(a core.OAuthAccount) bool { return a.Provider == name && a.Subject == l.Subject }
		if renamed && name == "" || slices.ContainsFunc(all, known) {
			continue
		}
		all = append(all, core.OAuthAccount{
			Provider: name, Subject: l.Subject, Email: l.Email,
			AccessToken: l.Tokens.Access, RefreshToken: l.Tokens.Refresh, Expires: l.Tokens.Expires,
		})
	}
	return all
}
