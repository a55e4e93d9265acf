package jwt

import (
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// MaxToken is the maximum length in bytes of a token that is issued or read.
const MaxToken = 8 << 10

// Options configures a JWT strategy. Keys are required; the zero value of
// everything else is the secure default.
type Options struct {
	// Keys lists the keys: the first one signs, all of them verify. Their
	// IDs must differ.
	Keys []Key
	// Lifetime is how long a token is valid, in whole seconds; that of a
	// login with "remember": false at most 24 hours. Default: 1 hour.
	Lifetime time.Duration
	// Audience is the aud claim that is written and required. Strategies
	// that share a key need different ones. Default: "latchkey:auth".
	Audience string
	// Issuer is the iss claim that is written and required. Default: none
	// is written, and the claim is ignored.
	Issuer string
	// Leeway is how far in the future iat and nbf may be, for servers whose
	// clocks differ; exp gets none. At most 1 minute. Default: 0, which is
	// right for one server.
	Leeway time.Duration
	// Denied stores the IDs of revoked tokens until they have expired.
	// Default: none, and Revoke has no effect: the token is valid until it
	// expires or the user's epoch rises.
	Denied core.TicketStore
	// Cache is how many valid tokens are cached, by their SHA-256, so that
	// their signatures are checked once; time, deny list and epoch are
	// still checked for every request. An entry takes less than 1 KiB plus
	// the token's claims. Negative: no cache. Default: 10,000 if any key is
	// asymmetric, none if all are HS256, whose check costs no more than the
	// lookup.
	Cache int
	// Extra adds the application's own claims (see [Claims]). Default:
	// none.
	Extra Extra
	// Legacy makes the strategy accept the tokens of a FastAPI Users
	// service too. Default: none.
	Legacy *Legacy
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
	// Random is the source of token IDs. Default: crypto/rand.Reader.
	Random io.Reader
}

// Legacy describes the tokens of a FastAPI Users service whose users moved
// here. They carry no epoch, so they count as epoch 0: the front door accepts
// one only while its user's epoch has never been raised. Remove Legacy when the
// last of them has expired.
type Legacy struct {
	// Key verifies them. Its ID is empty, because theirs is. It holds the
	// service's old secret and is used for nothing else: see
	// [InsecureHS256].
	Key Key
	// Audience is the only member of their aud claim. Default:
	// "fastapi-users:auth".
	Audience string
	// Backend is the name of the backend that their sessions belong to.
	// Required.
	Backend string
}

func (o Options) withDefaults() Options {
	if o.Lifetime == 0 {
		o.Lifetime = time.Hour
	}
	if o.Audience == "" {
		o.Audience = "latchkey:auth"
	}
	if o.Cache == 0 && slices.ContainsFunc(o.Keys, func(k Key) bool { return k.public != nil && k.asymmetric() }) {
		o.Cache = 10_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Legacy != nil {
		legacy := *o.Legacy
		if legacy.Audience == "" {
			legacy.Audience = "fastapi-users:auth"
		}
		o.Legacy = &legacy
	}
	return o
}

func (o Options) check() error {
	var problems []error
	refuse := func(wrong bool, problem string) {
		if wrong {
			problems = append(problems, errors.New("jwt: "+problem))
		}
	}
	refuse(o.Lifetime < time.Second || o.Lifetime%time.Second != 0, "Lifetime is not a number of whole seconds above 0")
	refuse(o.Leeway < 0 || o.Leeway > time.Minute, "Leeway is not between 0 and a minute")
	refuse(len(o.Keys) == 0, "no key")
	refuse(len(o.Keys) > 0 && o.Keys[0].private == nil, "the first key cannot sign")
	ids := map[string]bool{}
	for _, k := range o.Keys {
		refuse(k.public == nil, "a key is empty")
		refuse(k.unchecked, "a key of InsecureHS256 is for Legacy alone")
		refuse(ids[k.id], "two keys have the same ID")
		ids[k.id] = true
	}
	if l := o.Legacy; l != nil {
		refuse(l.Key.public == nil, "Legacy has no key")
		refuse(l.Key.id != "", "Legacy's key has an ID")
		refuse(ids[l.Key.id], "Legacy's key and another have no ID: name the other one")
		refuse(l.Backend == "", "Legacy names no backend")
		refuse(l.Audience == o.Audience, "Legacy's audience is the strategy's own")
	}
	if o.Extra != nil {
		problems = append(problems, o.Extra.check())
	}
	return errors.Join(problems...)
}
