package passkey

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/weak"
)

// Verification says whether an authenticator must verify the user, by a PIN or
// a finger.
type Verification string

// What a first factor, and a new passkey, may be.
const (
	// Required refuses what shows presence alone.
	Required Verification = "required"
	// Preferred takes it for one proof, to which a user with a second
	// factor has to add that.
	Preferred Verification = "preferred"
)

// Options of New. Secret is required.
type Options struct {
	// Secret of at least 32 random bytes authenticates challenges. All
	// nodes have the same. New refuses one that is a pattern or contains a
	// well-known word. With another one, challenges that are under way are
	// refused; passkeys stay.
	Secret []byte
	// RPID is the domain that passkeys are registered for, with all of its
	// subdomains: "example.com". A passkey never works for another one, so
	// choose it once. Default: the host of the base URL.
	RPID string
	// Origins are further ones whose pages may use passkeys, beside the
	// base URL's: "https://www.example.com". They are on the RPID or below
	// it. Default: none.
	Origins []string
	// AppOrigins are what is not below the RPID: native applications
	// ("android:apk-key-hash:…", byte by byte), and origins of other
	// domains that the RPID's /.well-known/webauthn lists (WebAuthn 3,
	// section 5.11, at most five domains). Default: none.
	AppOrigins []string
	// Name is what authenticators show beside the user's address. Default:
	// the RPID.
	Name string
	// Verification of a first factor, and of new passkeys. As a second
	// factor, presence alone is enough beside a proof of another kind.
	// Default: Required.
	Verification Verification
	// DeviceBound refuses passkeys that are synced between devices, when
	// they are registered and as soon as they become so: most are, and
	// those of telephones always. Default: off.
	DeviceBound bool
	// MaxPerUser bounds the passkeys of one user. Default: 20.
	MaxPerUser int
	// Lifetime of a challenge, from a second to an hour. Default: 5
	// minutes.
	Lifetime time.Duration
	// Requests limits what one client network (an IPv4 address, an IPv6
	// /64) may ask for: the options, and apart from these, the answers to
	// them. A page with a login form asks for options when it is opened.
	// Default: 60 a minute of either.
	Requests core.Limit
	// InsecureUnverified lets users whose address is not verified get a
	// passkey inside a login that requires a factor: for applications that
	// verify no addresses. Default: off.
	InsecureUnverified bool
}

// Format keeps the secret out of logs.
func (Options) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[passkey options]") }

// LogValue is "[passkey options]".
func (Options) LogValue() slog.Value { return slog.StringValue("[passkey options]") }

// MarshalJSON is "[passkey options]".
func (Options) MarshalJSON() ([]byte, error) { return []byte(`"[passkey options]"`), nil }

func (o Options) withDefaults() Options {
	if o.Verification == "" {
		o.Verification = Required
	}
	if o.MaxPerUser == 0 {
		o.MaxPerUser = 20
	}
	if o.Lifetime == 0 {
		o.Lifetime = 5 * time.Minute
	}
	if o.Requests == (core.Limit{}) {
		o.Requests = core.Limit{Events: 60, Window: time.Minute}
	}
	return o
}

// check joins everything that is wrong with the options, defaults included.
func (o Options) check() error {
	var errs []error
	if err := weak.Judge(o.Secret); err != nil {
		errs = append(errs, fmt.Errorf("passkey: Options.Secret needs at least 32 random bytes: %w", err))
	}
	if o.RPID != "" {
		if err := protocol.ValidateRPID(o.RPID); err != nil || o.RPID != strings.ToLower(o.RPID) {
			errs = append(errs, fmt.Errorf("passkey: Options.RPID %q must be a domain in lower case, such as example.com", o.RPID))
		}
	}
	if o.Verification != Required && o.Verification != Preferred {
		errs = append(errs, fmt.Errorf("passkey: Options.Verification is %q: use Required or Preferred", o.Verification))
	}
	if o.MaxPerUser < 1 {
		errs = append(errs, errors.New("passkey: Options.MaxPerUser must be 1 at least"))
	}
	if o.Lifetime < time.Second || o.Lifetime > time.Hour {
		errs = append(errs, errors.New("passkey: Options.Lifetime must be from a second to an hour"))
	}
	if err := o.Requests.Check(); err != nil {
		errs = append(errs, fmt.Errorf("passkey: Options.Requests: %w", err))
	}
	return errors.Join(errs...)
}
