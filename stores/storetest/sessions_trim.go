package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// loginAt creates a session of the user at a backend, made after milliseconds
// after an hour ago.
func loginAt(ctx context.Context, s sessions, name, userID, backend string, after int) error {
	one := session(s, userID)
	one.ID, one.Backend = name, backend
	one.Created = one.Created.Add(time.Duration(after)*time.Millisecond - time.Hour)
	return s.Store.Create(ctx, key(name), one)
}

// trimmed returns an error unless Trim deletes exactly the sessions with these
// names.
func trimmed(ctx context.Context, s sessions, userID, backend string, keep int, named [32]byte, names ...string) error {
	trimmer, ok := core.As[core.SessionTrimmer](s.Store)
	if !ok {
		return NotDeclaredError("core.SessionTrimmer")
	}
	ended, err := trimmer.Trim(ctx, userID, backend, keep, named)
	want := map[[32]byte]bool{}
	for _, name := range names {
		want[key(name)] = true
	}
	for _, d := range ended {
		err = errors.Join(err, that(want[d], "Trim of %q deleted %q", userID, d))
		delete(want, d)
	}
	for d := range want {
		err = errors.Join(err, that(false, "Trim of %q did not return %q", userID, d))
	}
	for _, name := range names {
		err = errors.Join(err, dead(ctx, s, name))
	}
	return err
}

var sessionTrimCases = []sessionCase{
	{Rule: "SessionTrimmer: Trim deletes a user's sessions at a backend except for the newest, and nobody else's", Check: func(ctx context.Context, s sessions) error {
		names := []string{"c", "a", "e", "b", "d"} // digests and creation times are in different orders
		var errs []error
		for i, name := range names {
			errs = append(errs, is("Create", loginAt(ctx, s, name, "ann", "web", i), nil),
				is("Create", loginAt(ctx, s, "api "+name, "ann", "api", i), nil),
				is("Create", loginAt(ctx, s, "bob's "+name, "bob", "web", i), nil))
		}
		errs = append(errs, trimmed(ctx, s, "ann", "web", 5, noOne), trimmed(ctx, s, "ann", "web", 9, noOne),
			trimmed(ctx, s, "nobody", "web", 1, noOne),
			trimmed(ctx, s, "ann", "", 1, noOne), trimmed(ctx, s, "ann", "web", 3, noOne, "c", "a"),
			is("Delete", s.Store.Delete(ctx, key("d")), nil),
			trimmed(ctx, s, "ann", "web", 2, noOne), trimmed(ctx, s, "ann", "web", 1, noOne, "e"), alive(ctx, s, "b"))
		for _, name := range names {
			errs = append(errs, alive(ctx, s, "api "+name), alive(ctx, s, "bob's "+name))
		}
		return errors.Join(errs...)
	}},
	{Rule: "S02 a session that Trim has deleted is gone at once", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(is("Create", loginAt(ctx, s, "old", "ann", "web", 0), nil),
			is("Create", loginAt(ctx, s, "new", "ann", "web", 1), nil),
			alive(ctx, s, "old"), alive(ctx, s, "new"), // any cache must drop it
			trimmed(ctx, s, "ann", "web", 1, noOne, "old"), alive(ctx, s, "new"))
	}},
	{Rule: "SessionTrimmer: what has expired does not count", Check: func(ctx context.Context, s sessions) error {
		over := session(s, "ann")
		over.Expires = s.Now().Add(-time.Hour)
		_ = s.Store.Create(ctx, key("over"), over) // the store may refuse it
		return errors.Join(is("Create", loginAt(ctx, s, "old", "ann", "web", 0), nil),
			is("Create", loginAt(ctx, s, "new", "ann", "web", 1), nil),
			trimmed(ctx, s, "ann", "web", 2, noOne), trimmed(ctx, s, "ann", "web", 1, noOne, "old"), alive(ctx, s, "new"))
	}},
	{Rule: "SessionTrimmer: of sessions of one moment the named one is the newest, then the one with the lower digest", Check: func(ctx context.Context, s sessions) error {
		var errs []error
		for _, name := range []string{"b", "d", "a", "c"} {
			errs = append(errs, is("Create", loginAt(ctx, s, name, "ann", "web", 0), nil))
		}
		return errors.Join(append(errs, trimmed(ctx, s, "ann", "web", 3, noOne, "d"),
			trimmed(ctx, s, "ann", "web", 2, key("c"), "b"),
			is("Create", loginAt(ctx, s, "old", "ann", "web", -1), nil), trimmed(ctx, s, "ann", "web", 2, key("old"), "old"),
			alive(ctx, s, "a"), alive(ctx, s, "c"))...)
	}},
	{Rule: "SessionTrimmer: F01 a cancelled context is an error, and a Trim of none is none", Check: func(ctx context.Context, s sessions) error {
		trimmer, ok := core.As[core.SessionTrimmer](s.Store)
		if !ok {
			return NotDeclaredError("core.SessionTrimmer")
		}
		return errors.Join(create(ctx, s, "ann", "one", "two"),
			outage("Trim under a cancelled context", second(trimmer.Trim(cancelled(ctx), "ann", "web", 1, noOne))),
			alive(ctx, s, "one"), alive(ctx, s, "two"),
			trimmed(ctx, s, "nobody", "web", 1, noOne))
	}},
	{Rule: "S17 SessionTrimmer: of 64 logins at once no more than the limit live, and they are the newest", Check: func(ctx context.Context, s sessions) error {
		trimmer, ok := core.As[core.SessionTrimmer](s.Store)
		if !ok {
			return NotDeclaredError("core.SessionTrimmer")
		}
		const limit = 10
		errs := []error{is("Create", loginAt(ctx, s, "other", "ann", "api", 0), nil),
			is("Create", loginAt(ctx, s, "bob's", "bob", "web", 0), nil)}
		errs = append(errs, together(crowd, func(i int) error {
			name := fmt.Sprint(i)
			if err := loginAt(ctx, s, name, "ann", "web", i); err != nil {
				return is("Create", err, nil)
			}
			return is("Trim", second(trimmer.Trim(ctx, "ann", "web", limit, key(name))), nil)
		})...)
		for i := range crowd {
			check := dead
			if i >= crowd-limit {
				check = alive
			}
			errs = append(errs, check(ctx, s, fmt.Sprint(i)))
		}
		return errors.Join(append(errs, alive(ctx, s, "other"), alive(ctx, s, "bob's"))...)
	}},
}
