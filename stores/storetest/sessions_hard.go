package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// strangeUsers are distinct IDs that a careless store could take for a part of
// a key or of a pattern.
var strangeUsers = []string{
	"", "ann", "ANN", "ann ", "ann:1", "ann:*", "*", "?nn", "[a]nn", "{ann}", "ann}", "{ann", "an", "annie", "ann\x00", "ann\n", "sessions", "ann:sessions",
	"floor:ann", `ann"`, "ann'--", "a\u0301nn", "\u00e1nn", strings.Repeat("a", 255),
}

// sessionKeptOrRefused returns an error unless the store returns the session
// unchanged, or has refused it with none of core's errors.
func sessionKeptOrRefused(ctx context.Context, s sessions, d [32]byte, one core.Session) error {
	if err := s.Store.Create(ctx, d, one); err != nil {
		_, err2 := s.Store.Find(ctx, d)
		return errors.Join(noSentinel("Create", err), is("Find of the refused session", err2, core.ErrNotFound))
	}
	found, err := s.Store.Find(ctx, d)
	return errors.Join(is("Find", err, nil), sameSession("Find", found.Session, one))
}

var sessionHardCases = []sessionCase{
	{Rule: "A label of 200 bytes, 20 proofs and long names are kept", Check: func(ctx context.Context, s sessions) error {
		one := session(s, strings.Repeat("u", 255))
		one.ID, one.Backend = strings.Repeat("f", 64), strings.Repeat("b", 64)
		one.Label, one.Epoch = strings.Repeat("ü", 100), math.MaxInt64
		for i := range 20 {
			at := one.Created.Add(time.Duration(i) * time.Microsecond)
			one.Proofs = append(one.Proofs, core.Proof{Method: fmt.Sprintf("oauth:%d", i), At: at})
		}
		return roundTrip(ctx, s, key("long"), one)
	}},
	{Rule: "G05 P08 a session's text is stored byte for byte or refused, never shortened or altered", Check: func(ctx context.Context, s sessions) error {
		var errs []error
		for i, text := range hardText() {
			label, backend := session(s, "ann"), session(s, "ann")
			label.Label, backend.Backend = text, text
			errs = append(errs, sessionKeptOrRefused(ctx, s, key(fmt.Sprintf("label %d", i)), label),
				sessionKeptOrRefused(ctx, s, key(fmt.Sprintf("backend %d", i)), backend))
		}
		return errors.Join(errs...)
	}},
	{Rule: "A session with a far end is kept or refused, never changed; one that is over is never found", Check: func(ctx context.Context, s sessions) error {
		var errs []error
		for i, end := range []time.Time{
			time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), time.Date(2262, 4, 11, 23, 47, 16, 854776000, time.UTC),
			time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		} {
			one := session(s, "ann")
			one.Expires = end
			errs = append(errs, sessionKeptOrRefused(ctx, s, key(fmt.Sprintf("far %d", i)), one))
		}
		for i, end := range []time.Time{{}, time.Unix(0, 0), s.Now().Add(-time.Hour), s.Now()} {
			one, name := session(s, "ann"), fmt.Sprintf("over %d", i)
			one.Expires = end
			_ = s.Store.Create(ctx, key(name), one) // the store may refuse it
			errs = append(errs, dead(ctx, s, name), is("Touch", touch(ctx, s, name), core.ErrNotFound), dead(ctx, s, name))
		}
		return errors.Join(errs...)
	}},
	{Rule: "S20 a user's ID that looks like a part of a key reaches nobody else's sessions", Check: func(ctx context.Context, s sessions) error {
		var errs []error
		var kept []core.Session
		for i, id := range strangeUsers {
			one := session(s, id)
			one.ID = fmt.Sprintf("session %d", i)
			if err := s.Store.Create(ctx, key(one.ID), one); err != nil {
				errs = append(errs, noSentinel("Create for "+show(id), err))
				continue
			}
			kept = append(kept, one)
		}
		for _, one := range kept {
			errs = append(errs, hasEpoch(ctx, s, one.ID, 1),
				is("DeleteAll of "+show(one.UserID), s.Store.DeleteAll(ctx, one.UserID, 2, noOne), nil),
				dead(ctx, s, one.ID))
		}
		return errors.Join(append(errs, that(len(kept) > len(strangeUsers)/2,
			"of %d users' IDs only %d were accepted", len(strangeUsers), len(kept)))...)
	}},
}
