// Package notices is the flow that mails users what happened to their account,
// so that somebody who was not behind it hears of it: a new password, a second
// factor that was added or removed, a recovery code that was used, an API key
// that was made.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows:  []latchkey.Flow{notices.Flow{}}, …
//		Sender: sender,
//	})
//
// Security notes (OWASP ASVS 5.0, 6.3.7). A notice has no link and nothing that
// acts, so that nobody learns to follow links in mails about security. It goes
// to the address that the user had before, and only to a verified one: one that
// is not may be a stranger's. At most 5 an hour and 10 a day go to an address.
// It is made and sent outside the request, which it cannot fail or delay. Of
// the client it has the address, and the names of a browser and a system that
// are known: what else a client says of itself could be an advertisement or a
// trap.
package notices

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// What notices are about: the values of core.Notice's What.
const (
	PasswordChanged = "password_changed"
	// PasswordReset is a password that was replaced by a mail.
	PasswordReset = "password_reset"
	FactorAdded   = "factor_added"
	FactorRemoved = "factor_removed"
	// BrowserTrusted is a browser in which logins need no second factor.
	BrowserTrusted = "browser_trusted"
	RecoveryUsed   = "recovery_used"
	// FactorFailures are five wrong codes in a row of one second factor, by
	// somebody who has given the first proof, as a rule the password.
	FactorFailures = "factor_failures"
	// PasskeyClone is a passkey of one device that was refused, as there
	// may be a copy of it.
	PasskeyClone = "passkey_clone"
	// SessionReused is a login that was ended, as one of its refresh tokens
	// was used again after it had been replaced.
	SessionReused  = "session_reused"
	ProviderLinked = "provider_linked"
	// NewDevice is a login in a browser in which the user has not logged in
	// for a year, and not in the first 24 hours of the account.
	NewDevice = "new_device"
	// DeviceLogin is a device without a browser, such as a command or a
	// television, that was let log in.
	DeviceLogin = "device_login"
	// LoginFailures are so many wrong passwords that none is compared any
	// more, but in known browsers. It is sent once a day.
	LoginFailures    = "login_failures"
	ProviderUnlinked = "provider_unlinked"
	// KeyMade is an API key that was made, or made in place of another one.
	KeyMade = "key_made"
	// DataExported is a copy of what is kept of the user.
	DataExported = "data_exported"
)

// all are those that Off may name.
var all = []string{
	PasswordChanged, PasswordReset, FactorAdded, FactorRemoved, BrowserTrusted, RecoveryUsed, FactorFailures, PasskeyClone,
	SessionReused, ProviderLinked, ProviderUnlinked, KeyMade, NewDevice, DeviceLogin, LoginFailures, DataExported,
}

// Flow are the notices. The zero value is ready, and has no routes.
type Flow struct {
	// Off are those that are not sent. Default: all are.
	Off []string
}

var _ core.Listener = Flow{}

// Limits of the notices to an address.
var (
	hourly = core.Limit{Events: 5, Window: time.Hour}
	daily  = core.Limit{Events: 10, Window: 24 * time.Hour}
	once   = core.Limit{Events: 1, Window: 24 * time.Hour}
)

// settled is how old an account is whose owner hears of a new browser.
const settled = 24 * time.Hour

// failures is how many wrong codes in a row cause a notice.
const failures = 5

// Name is "notices".
func (Flow) Name() string { return "notices" }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// Routes are none.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	var errs []error
	if svc.Mail == nil {
		errs = append(errs, errors.New("flow notices needs Options.Sender to send its mails (senders/outbox for development)"))
	}
	for _, what := range f.Off {
		if !slices.Contains(all, what) {
			errs = append(errs, fmt.Errorf("flow notices: Off has %q, which is no notice: there are %q", what, all))
		}
	}
	return nil, errors.Join(errs...)
}

// On queues the notice of what happened, if there is one.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	n, ok := noticeOf(e)
	if !ok || slices.Contains(f.Off, n.What) {
		return
	}
	to := reader(e)
	if to == nil {
		return
	}
	j := &job{svc: svc, to: *to, mail: core.Mail{
		To: to.Email, Kind: core.MailNotice, Notice: n, Lang: core.Language(ctx),
	}}
	if !n.Others {
		j.mail.Client = e.Client
	}
	svc.Jobs.EnqueueMail("notice", j.run)
}

// reader returns the user as they were or are, with the address that the notice
// goes to: that of before, if it was verified. It is nil where neither is.
func reader(e core.Event) *core.User {
	if e.Was != nil && e.Was.IsVerified && e.Was.EmailKey != "" {
		return e.Was
	}
	if e.User == nil || !e.User.Base().IsVerified || e.User.Base().EmailKey == "" {
		return nil
	}
	return e.User.Base()
}

// job sends a notice. What was done is kept for the next attempt.
type job struct {
	svc  *core.Services
	to   core.User
	mail core.Mail

	counted, allowed bool // whether the address had its share
}

func (j *job) run(ctx context.Context) error {
	if !j.counted && j.mail.Notice.What == LoginFailures { // strangers cause it at will
		wait, err := j.svc.Limiter.Allow(ctx, core.LimitKey("notices-login-failures", j.to.ID), once)
		if err != nil {
			return err
		}
		j.counted = wait > 0
	}
	if !j.counted {
		wait, err := j.svc.Limiter.Allow(ctx, core.LimitKey("notices", j.to.EmailKey), hourly, daily)
		if err != nil {
			return err
		}
		if wait > 0 {
			j.svc.Env.Log.DebugContext(ctx, "latchkey: a mail was not sent, the address had its share", "mail", core.MailNotice)
		}
		j.counted, j.allowed = true, wait == 0
	}
	if !j.allowed {
		return nil
	}
	// Read anew, as the event's user belongs to the request.
	u, err := j.svc.Users.Find(ctx, core.ByID(j.to.ID))
	if errors.Is(err, core.ErrNotFound) { // deleted meanwhile: what happened before is worth knowing
		u, err = j.svc.Users.New(), nil
		*u.Base() = j.to
	}
	if err != nil {
		return err
	}
	j.mail.User = u
	return j.svc.Mail.Send(ctx, j.mail)
}
