package apikey

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// InsecureForever is a Lifetime: keys never expire, unless they are made to.
const InsecureForever time.Duration = -1

// Options configures the keys of a backend. Backend, Prefix and Scopes are
// required.
type Options struct {
	// Backend is the name of the backend that the strategy is for.
	Backend string
	// Prefix begins every key, with a "_" behind it, so that people and
	// scanners recognise one: 2 to 14 of a-z 0-9 _, a letter first, no "_"
	// last. Changing it ends all keys.
	Prefix string
	// Scopes are all that a key can have, each a scope-token of RFC 6749,
	// section 3.3. There is none for everything, so "*" is refused. Taking
	// one away takes nothing from the keys that have it; no guard should
	// name it any more.
	Scopes []string
	// Lifetime is the longest of a key and, where its owner names none, the
	// one that it gets; at least a minute. Default: 90 days.
	Lifetime time.Duration
	// PerUser is how many keys a user may have, at most 1,000. Default: 50.
	PerUser int
	// Overlap is how long a rotated key goes on beside its successor, if it
	// does not expire before. Negative: not at all. Default: 24 hours.
	Overlap time.Duration
	// MakeLimit is how many keys a user may make, and rotate, by HTTP.
	// Default: 20 an hour.
	MakeLimit core.Limit
	// UsedEvery is how old the time of a key's last use must be before a
	// request updates it, so that not every request writes. At least a
	// second. Default: 10 minutes.
	UsedEvery time.Duration
	// LocalCacheTTL is how long this process may reuse what it read of a
	// key, at most 5 seconds, so that not every request queries the store.
	// What this process ends is refused at once. What another process ends,
	// or deletes from the store, or this one ends inside a transaction that
	// is committed later, is let through for up to LocalCacheTTL more.
	// Whether the user is active is checked as before. Default: 0, the
	// store is queried each time.
	LocalCacheTTL time.Duration
	// Limit bounds the requests with one key: 429 RATE_LIMITED beyond it.
	// It needs a Limiter, which several processes share if they are to
	// count together. Default: none.
	Limit   core.Limit
	Limiter core.Limiter
	// KeepOnReset keeps a user's keys when they reset a forgotten password
	// by a mail. By default they end, since whoever made them may be why
	// the password was reset. Where the mailbox takes over an account that
	// nobody had verified they end in any case.
	KeepOnReset bool
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
	// Random is the source of keys. Default: crypto/rand.Reader.
	Random io.Reader
}

func (o Options) withDefaults() Options {
	if o.Lifetime == 0 {
		o.Lifetime = 90 * 24 * time.Hour
	}
	if o.PerUser == 0 {
		o.PerUser = 50
	}
	if o.Overlap == 0 {
		o.Overlap = 24 * time.Hour
	}
	if o.MakeLimit == (core.Limit{}) {
		o.MakeLimit = core.Limit{Events: 20, Window: time.Hour}
	}
	if o.UsedEvery == 0 {
		o.UsedEvery = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	o.Scopes = slices.Clone(o.Scopes)
	return o
}

var prefix = regexp.MustCompile(`^[a-z][a-z0-9_]{0,12}[a-z0-9]$`)

// scopesMax is how long all scopes together may be, so that a key with all of
// them fits into a credential.
const scopesMax = 4 << 10

func (o Options) check() error {
	var problems []error
	refuse := func(wrong bool, problem string) {
		if wrong {
			problems = append(problems, errors.New("apikey: "+problem))
		}
	}
	refuse(o.Backend == "", "Backend is empty: it is the name of the backend that the strategy is for")
	refuse(!prefix.MatchString(o.Prefix), "Prefix is not 2 to 14 of a-z 0-9 _, a letter first and no _ last")
	refuse(len(o.Scopes) == 0, "Scopes is empty: a key without scopes opens nothing")
	refuse(len(strings.Join(o.Scopes, " ")) > scopesMax, "Scopes are over 4 KiB together")
	for i, scope := range o.Scopes {
		refuse(!isScope(scope), fmt.Sprintf("the scope %q is no scope-token of RFC 6749, or \"*\"", scope))
		refuse(slices.Contains(o.Scopes[:i], scope), fmt.Sprintf("the scope %q is given twice", scope))
	}
	refuse(o.Lifetime != InsecureForever && o.Lifetime < time.Minute, "Lifetime is shorter than a minute")
	refuse(o.PerUser < 1 || o.PerUser > 1000, "PerUser is not within 1 and 1,000")
	refuse(o.UsedEvery < time.Second, "UsedEvery is shorter than a second")
	refuse(o.LocalCacheTTL < 0 || o.LocalCacheTTL > 5*time.Second, "LocalCacheTTL is not within 0 and 5 seconds")
	limited := o.Limit != (core.Limit{})
	refuse(limited && o.Limiter == nil, "Limit needs a Limiter")
	for name, l := range map[string]core.Limit{"Limit": o.Limit, "MakeLimit": o.MakeLimit} {
		if err := l.Check(); err != nil && l != (core.Limit{}) {
			refuse(true, name+": "+err.Error())
		}
	}
	return errors.Join(problems...)
}

func isScope(s string) bool {
	return s != "" && s != "*" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || c == '"' || c == '\\'
	})
}
