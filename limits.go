package latchkey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Limits of attempts; a zero Limit takes its default.
type Limits struct {
	// LoginFailures are wrong passwords of who is not in a known browser of
	// the user, those of PATCH /me and of a step-up included. Several
	// limits, at most four, hold at once: the shortest window first. Those
	// of an hour at most hold for an identifier, whoever tries and whether
	// or not there is such a user, and answer 429. Longer ones hold for a
	// user, and answer as a wrong password does: a reset by mail, a login
	// without a password and Manager.UnlockLogin lift them. Default: 5 in 5
	// minutes, 15 an hour, 50 a day, 100 in 30 days.
	LoginFailures []Limit
	// DeviceFailures are those of a known browser, one in which the user
	// has logged in within a year: what strangers do does not count there.
	// Such browsers have a cookie beside that of the backend, and need
	// Options.Tickets. Default: 10 in 15 minutes, 50 a day.
	DeviceFailures []Limit
	// LoginAttempts of one client network (an IPv4 address, an IPv6 /64),
	// successful or not. Default: 30 a minute.
	LoginAttempts Limit
	// Refreshes are the logins that one client network renews by a refresh
	// token, successful or not. Default: 120 a minute.
	Refreshes Limit
	// FactorAttempts are the second proofs of logins, of one client
	// network, right or wrong, by whatever factor. Those of one login and
	// of one user are limited besides. Default: 60 a minute.
	FactorAttempts Limit
	// Registrations of one client network, successful or not. Default: 60
	// an hour.
	Registrations Limit
	// SessionEnds are the requests of one client network to end its users'
	// own logins, and apart from them those to end one by its refresh
	// token. Default: 120 a minute.
	SessionEnds Limit
	// UserChanges are the new passwords, and apart from them the new
	// addresses and the new names, that one user asks for by PATCH /me,
	// successful or not. Default: 20 an hour.
	UserChanges Limit
	// NetworkChanges are those of one client network. Default: 60 an hour.
	NetworkChanges Limit
	// AdminChanges are those that one superuser asks for by PATCH /{id},
	// for any user. Default: 100 a minute. Work in larger bulk is for the
	// Manager, which is not limited.
	AdminChanges Limit
	// Exports are the copies of their data that one user gets by POST
	// /me/export. Default: 3 a day.
	Exports Limit
}

const day = 24 * time.Hour

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	if len(l.LoginFailures) == 0 {
		l.LoginFailures = []Limit{
			{Events: 5, Window: 5 * time.Minute}, {Events: 15, Window: time.Hour},
			{Events: 50, Window: day}, {Events: 100, Window: 30 * day},
		}
	}
	if len(l.DeviceFailures) == 0 {
		l.DeviceFailures = []Limit{{Events: 10, Window: 15 * time.Minute}, {Events: 50, Window: day}}
	}
	l.LoginAttempts = cmp.Or(l.LoginAttempts, Limit{Events: 30, Window: time.Minute})
	l.Refreshes = cmp.Or(l.Refreshes, Limit{Events: 120, Window: time.Minute})
	l.FactorAttempts = cmp.Or(l.FactorAttempts, Limit{Events: 60, Window: time.Minute})
	l.SessionEnds = cmp.Or(l.SessionEnds, Limit{Events: 120, Window: time.Minute})
	l.Registrations = cmp.Or(l.Registrations, Limit{Events: 60, Window: time.Hour})
	l.UserChanges = cmp.Or(l.UserChanges, Limit{Events: 20, Window: time.Hour})
	l.NetworkChanges = cmp.Or(l.NetworkChanges, Limit{Events: 60, Window: time.Hour})
	l.AdminChanges = cmp.Or(l.AdminChanges, Limit{Events: 100, Window: time.Minute})
	l.Exports = cmp.Or(l.Exports, Limit{Events: 3, Window: day})
	return l
}

// check joins what is wrong with them.
func (l Limits) check() error {
	var errs []error
	for _, limits := range [][]Limit{
		l.LoginFailures, l.DeviceFailures, {l.LoginAttempts}, {l.FactorAttempts}, {l.SessionEnds}, {l.Refreshes},
		{l.Registrations}, {l.UserChanges}, {l.NetworkChanges}, {l.AdminChanges},
		{l.Exports},
	} {
		if err := core.CheckLimits(limits...); err != nil {
			errs = append(errs, fmt.Errorf("Options.Limits: %w", err))
		}
	}
	return errors.Join(errs...)
}

// unlimited allows everything.
type unlimited struct{ core.Limiter }

func (unlimited) Allow(context.Context, string, ...Limit) (time.Duration, error) { return 0, nil }

// Unwrap returns the limiter itself, which may have to be swept.
func (u unlimited) Unwrap() any { return u.Limiter }
