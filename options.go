package latchkey

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/policy"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Options are the parts and settings of an application. The zero value of each
// field is its secure default; only Backends is required.
type Options[U any] struct {
	// Backends are tried in this order on every request.
	Backends []Backend
	// Flows beside the account's own, which are always there: verify.Flow,
	// reset.Flow, an application's own.
	Flows []Flow
	// Tickets keeps one-time tokens; flows that send mails need it.
	Tickets core.TicketStore
	// Credentials keeps what users prove with who they are beside their
	// password, for flows that are second factors or passkeys. A user's
	// deletion deletes theirs.
	Credentials core.CredentialStore
	// Vault seals the secrets that flows keep for users, such as those of
	// TOTP: the first key seals, all open. To rotate, put a new key in
	// front and take the old one out once Manager.Rekey returns 0.
	Vault []core.VaultKey
	// Sender delivers mails; flows that send mails need it. See senders/.
	Sender Sender
	// BaseURL of the application's pages ("https://app.example.com"), on
	// which links in mails are built. Never taken from a request.
	BaseURL string
	// MailDelay hides who is registered: a request for a mail is answered
	// first, and what only a user's address causes (the ticket, the mail,
	// the hook AfterForgotPassword) begins later, at a random moment
	// between MailDelay and five times MailDelay. Default: 500
	// milliseconds, so 0.5 to 2.5 seconds. Negative: at once, for tests and
	// development. Auth.Wait and Auth.Close begin at once what is queued.
	MailDelay time.Duration
	// RequireVerified lets only users with a verified address log in and
	// use the routes of their own account. Without a flow that verifies
	// addresses (verify, reset, oauth) nobody who registers can log in, and
	// New logs a warning. Default: all active users.
	RequireVerified bool
	// RequireFactor reports whether a user must have a second factor. One
	// who has none gets one inside the login, which is not complete before:
	// 403 LOGIN_ENROLMENT_REQUIRED. A login that is strong already, as one
	// by a passkey, needs no more. An error is a 503. Default: nobody must.
	RequireFactor func(ctx context.Context, u *U) (bool, error)
	// FreshFor is how old the latest proof of a login may be for what is
	// sensitive: a new password or address, one's own or, by a superuser,
	// another's; a new factor; a deletion. An older one is 403
	// PROOF_REQUIRED. Default: 10 minutes.
	FreshFor time.Duration
	// StepUpGrace is how long a token is still accepted after a step-up has
	// replaced it, for requests under way. Default: 10 seconds. Negative:
	// none.
	StepUpGrace time.Duration
	// SelfDelete adds DELETE /users/me, by which users delete their own
	// account, soon after a proof. The address gets a mail, if there is a
	// Sender. With leaving.Flow among the Flows they can undo it for a
	// while. Default: off.
	SelfDelete bool
	// SelfExport adds POST /users/me/export, by which users get a copy of
	// what the flows keep of them, soon after a proof; see core.Exporter.
	// Default: off, as a copy of an application's data as a rule has more
	// than its accounts. Manager.Export makes the same copy.
	SelfExport bool
	// Hooks are the application's functions around what happens.
	Hooks Hooks[U]

	// Hashers: the first hashes, all verify, and what is not the first's of
	// today is replaced at login. Default: argon2id, bcrypt.
	Hashers []core.Hasher
	// PasswordPolicy judges new passwords. Default: 8 to 256 characters,
	// not the e-mail, not in a list of common passwords.
	PasswordPolicy core.PasswordPolicy
	// HashConcurrency is how many passwords are hashed at the same time, of
	// one account at most half as many; others wait in a bounded queue,
	// beyond which the answer is 503. Default: one a core.
	HashConcurrency int

	// Limiter counts attempts. Default: in this process' memory; several
	// processes should share one.
	Limiter core.Limiter
	// Limits are the limits themselves.
	Limits Limits
	// InsecureNoLimits switches all limits off, for load tests.
	InsecureNoLimits bool
	// Captcha, where the short limits of LoginFailures are reached, lets in
	// who solves a riddle: the answer to a login without one, or with a
	// wrong one, is 400 CAPTCHA_REQUIRED in place of 429. The long limits
	// stay. Default: none.
	Captcha Captcha
	// ClientIP finds the client's address behind proxies: Proxies, Hops or
	// Header. Default: Direct, the peer is the client.
	ClientIP ClientIP

	// RouteScopes opens routes of Latchkey's own to credentials with
	// scopes, such as API keys: the scope that one must have, by the
	// route's name ("users:current_user": "profile"). New refuses names
	// that do not exist, routes that need no credential, and those that are
	// for the person themselves: what a user logs in with, their sessions
	// and keys, everything of administrators. Default: none is open.
	RouteScopes map[string]string

	// CanonicalEmail returns the form by which addresses are compared.
	// Default: CanonicalEmail of this package. Changing it for a store that
	// has users already makes users unfindable.
	CanonicalEmail core.Canonicalizer
	// Identify returns the key of what a person types to log in, and of
	// what they register as a user name; see core.Identifier. It may refuse
	// names that Identify of this package takes, such as "admin". It needs
	// a user type with Named. Changing it for a store that has users
	// already may make users unfindable. Default: Identify of this package
	// with CanonicalEmail; addresses alone where the type has no Named.
	Identify core.Identifier
	// EmailOptional lets users have no e-mail address. Whoever registers
	// without one must have a user name, for which the type needs Named;
	// whoever comes from a provider without one needs nothing else.
	// They get no mails, so a forgotten password is lost; and as their
	// address is never verified, RequireVerified excludes it. Default:
	// every user has an address.
	EmailOptional bool
	// Localize translates the texts of refused passwords (by ReasonCode)
	// and of invalid input (by the problem's type) for the request's
	// context; "" keeps the English text. Default: English.
	Localize func(ctx context.Context, key string, args map[string]any) string
	// Epochs answers SessionOnly guards. Default: the user store, if it
	// implements core.EpochStore.
	Epochs core.EpochStore

	// EpochTTL is how long a SessionOnly guard may reuse a cached epoch
	// after Epochs was queried, at most 5 seconds, so that such a request
	// asks no server. What this process ends (a password change, a
	// deactivation, a deletion) ends at once; what another one ends, or
	// this one inside a transaction of the application's that is committed
	// later, is let through for up to EpochTTL more. Default: 0, it is
	// queried on each request.
	EpochTTL time.Duration

	// Log takes what the operator must know. It never gets a secret.
	// Default: slog.Default().
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Random makes one-time tokens. Default: crypto/rand.Reader. Anything
	// else is for tests.
	Random io.Reader

	elapsed elapsed.Clock // Now's, for what is kept in memory
}

// mailWindow is how many times Options.MailDelay a mail waits at most.
const mailWindow = 5

var backendName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// withDefaults fills in the defaults and joins everything that is wrong.
func (o Options[U]) withDefaults() (Options[U], *url.URL, error) {
	errs := o.backendErrors()
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.elapsed = elapsed.New(o.Now)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.CanonicalEmail == nil {
		o.CanonicalEmail = CanonicalEmail
	}
	errs = append(errs, o.identifierErrors()...)
	if o.PasswordPolicy == nil {
		o.PasswordPolicy = policy.Default
	}
	if o.MailDelay == 0 {
		o.MailDelay = 500 * time.Millisecond
	}
	o.FreshFor, o.StepUpGrace = cmp.Or(o.FreshFor, 10*time.Minute), cmp.Or(o.StepUpGrace, 10*time.Second)
	errs = append(errs, o.proofErrors()...)
	if o.MailDelay > time.Minute {
		errs = append(errs, errors.New("Options.MailDelay must be at most a minute: people wait for their mails"))
	}
	if len(o.Hashers) == 0 {
		argon, err := argon2id.New(argon2id.Options{Random: o.Random})
		old, err2 := bcrypt.New(bcrypt.Options{})
		errs = append(errs, err, err2)
		o.Hashers = []core.Hasher{argon, old}
	}
	if o.Limiter == nil {
		o.Limiter = memstore.NewLimiter(memstore.LimiterOptions{Now: o.Now})
	}
	o.Limits = o.Limits.withDefaults()
	errs = append(errs, o.Limits.check())
	if o.ClientIP == nil {
		o.ClientIP = Direct
	}
	if policy, ok := o.ClientIP.(ClientIPChecker); ok {
		if err := policy.Check(); err != nil {
			errs = append(errs, fmt.Errorf("Options.ClientIP: %w", err))
		}
	}
	if o.InsecureNoLimits {
		o.Limits, o.Limiter = Limits{}, unlimited{o.Limiter}
		o.Log.Warn("latchkey: InsecureNoLimits is set: passwords may be guessed without limit")
	}
	if o.EpochTTL < 0 || o.EpochTTL > 5*time.Second {
		errs = append(errs, errors.New("Options.EpochTTL must be within 0 and 5 seconds"))
	}
	if o.HashConcurrency < 0 {
		errs = append(errs, errors.New("Options.HashConcurrency must not be negative"))
	}
	base, err := parseBaseURL(o.BaseURL)
	if err != nil { // flows need not say that there is none
		base = &url.URL{Scheme: "https", Host: "malformed.invalid"}
	}
	return o, base, errors.Join(append(errs, err)...)
}

// identifierErrors returns what is wrong with how users are identified, and
// sets the default of Identify.
func (o *Options[U]) identifierErrors() (errs []error) {
	named, canonical := core.NamedOf(new(U)) != nil, o.CanonicalEmail
	if o.Identify != nil && !named {
		errs = append(errs, errors.New("Options.Identify needs a user type that embeds latchkey.Named: others have addresses alone, which Options.CanonicalEmail compares"))
	}
	if o.EmailOptional && o.RequireVerified {
		errs = append(errs, errors.New("Options.EmailOptional and Options.RequireVerified exclude each other: a user without an address is never verified, and could never log in"))
	}
	switch {
	case o.Identify != nil:
	case named:
		o.Identify = func(typed string) (Key, error) { return identified(canonical, typed) }
	default:
		o.Identify = func(typed string) (Key, error) {
			key, err := canonical(typed)
			return core.ByEmail(key), err
		}
	}
	return errs
}

func (o Options[U]) proofErrors() (errs []error) {
	if o.FreshFor < 0 {
		errs = append(errs, errors.New("Options.FreshFor must not be negative: nobody could change anything"))
	}
	if o.StepUpGrace > time.Minute {
		errs = append(errs, errors.New("Options.StepUpGrace must be at most a minute: it is for requests in progress"))
	}
	return errs
}

func (o Options[U]) backendErrors() (errs []error) {
	if len(o.Backends) == 0 {
		errs = append(errs, errors.New("Options.Backends is empty: give at least one Backend{Name, Transport, Strategy}"))
	}
	names := map[string]bool{}
	for _, b := range o.Backends {
		if !backendName.MatchString(b.Name) {
			errs = append(errs, fmt.Errorf("backend name %q: use lower-case letters, digits, '-' and '_', at most 32", b.Name))
		}
		if names[b.Name] {
			errs = append(errs, fmt.Errorf("backend name %q is given twice", b.Name))
		}
		names[b.Name] = true
		if b.Transport == nil || b.Strategy == nil {
			errs = append(errs, fmt.Errorf("backend %q needs a Transport and a Strategy", b.Name))
		}
	}
	return errs
}

func parseBaseURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		return nil, fmt.Errorf("Options.BaseURL %q must be like https://app.example.com, without query and fragment", s)
	}
	return u, nil
}
