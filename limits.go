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
	// LoginFailures of one identifier, and of one user who has a name
	// beside the address, whoever tries, wrong current passwords of PATCH
	// /me included. Several limits, at most four, hold at once: the
	// shortest window first. Default: 5 in 5 minutes.
	LoginFailures []Limit
	// LoginAttempts of one client network (an IPv4 address, an IPv6 /64),
	// successful or not. Default: 30 a minute.
	LoginAttempts Limit
	// Refreshes are the logins that one client network renews by a refresh
	// token, successful or not. Default: 120 a minute.
	Refreshes Limit
	// Registrations of one client network, successful or not. Default: 60
	// an hour.
	Registrations Limit
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
}

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	if len(l.LoginFailures) == 0 {
		l.LoginFailures = []Limit{{Events: 5, Window: 5 * time.Minute}}
	}
	l.LoginAttempts = cmp.Or(l.LoginAttempts, Limit{Events: 30, Window: time.Minute})
	l.Refreshes = cmp.Or(l.Refreshes, Limit{Events: 120, Window: time.Minute})
	l.Registrations = cmp.Or(l.Registrations, Limit{Events: 60, Window: time.Hour})
	l.UserChanges = cmp.Or(l.UserChanges, Limit{Events: 20, Window: time.Hour})
	l.NetworkChanges = cmp.Or(l.NetworkChanges, Limit{Events: 60, Window: time.Hour})
	l.AdminChanges = cmp.Or(l.AdminChanges, Limit{Events: 100, Window: time.Minute})
	return l
}

// check joins what is wrong with them.
func (l Limits) check() error {
	var errs []error
	for _, limits := range [][]Limit{
		l.LoginFailures, {l.LoginAttempts}, {l.Refreshes}, {l.Registrations}, {l.UserChanges}, {l.NetworkChanges}, {l.AdminChanges},
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
