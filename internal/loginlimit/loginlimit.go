// Package loginlimit counts failed logins of one identifier, wherever they are
// made or forgiven. The count is taken before the password is checked and given
// back afterwards, so that any number of concurrent attempts stays within the
// limit.
//
//	key := loginlimit.Of(core.ByEmail("ada@example.org"))
//	limits = loginlimit.Short(limits)
//	settle, err := loginlimit.Allow(ctx, limiter, limits, key, log)
//	if err != nil {
//		return err // 429 or 503
//	}
//	err = check()
//	settle(err)
//
// An application's limits of strangers are a list. Those with a window of an
// hour at most are of what was typed, whoever has that identifier, so their
// refusal says nothing of users. The longer ones are of a user, and nobody has
// a count for a day or a month: a refusal by them would tell who is registered,
// so it looks like a wrong password. [Own] is for users who are known to be
// logged in.
//
// Security notes: the key is the digest of the canonical identifier, so
// spellings of one address share a count (allauth 2020, CVE-2025-24806) and the
// limiter holds no address. A user who has a name beside the address has all
// limits on a count of their own too, so that two identifiers are no two
// budgets.
package loginlimit

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"

	"github.com/latchkey-go/latchkey/core"
)

// Allow counts one failure of a key in advance; 429 when a limit is reached,
// 503 if the limiter cannot be reached. settle receives how the attempt ended:
// success resets the counts, wrong credentials keep them, anything else refunds
// the one failure.
func Allow(
	ctx context.Context, limiter core.Limiter, limits []core.Limit, key string, log *slog.Logger,
) (settle func(error), err error) {
	if len(limits) == 0 {
		return func(error) {}, nil
	}
	if err := core.CheckLimit(ctx, limiter, key, limits...); err != nil {
		return nil, err
	}
	return func(outcome error) {
		ctx := context.WithoutCancel(ctx)
		var err error
		switch {
		case outcome == nil:
			err = limiter.Reset(ctx, key)
		case errors.Is(outcome, core.Refuse(core.CodeLoginBadCredentials)):
		default:
			err = limiter.Refund(ctx, key)
		}
		if err != nil {
			log.ErrorContext(ctx, "latchkey: the login limit could not be settled", "err", err)
		}
	}, nil
}

// Uncounted is Allow for an attempt that another check has let through: it
// counts nothing, and success resets the counts.
func Uncounted(ctx context.Context, limiter core.Limiter, key string, log *slog.Logger) (settle func(error)) {
	return func(outcome error) {
		if outcome != nil {
			return
		}
		if err := limiter.Reset(context.WithoutCancel(ctx), key); err != nil {
			log.ErrorContext(ctx, "latchkey: the login limit could not be settled", "err", err)
		}
	}
}

// Own counts one failure of a user who is logged in, on the counts of their
// logins: 429 and 503 as Allow.
func Own(
	ctx context.Context, limiter core.Limiter, limits []core.Limit, u core.AnyUser, log *slog.Logger,
) (settle func(error), err error) {
	typed := func(error) {}
	if !whole(u) {
		typed, err = Allow(ctx, limiter, Short(limits), Of(core.ByEmail(u.Base().EmailKey)), log)
		if err != nil {
			return nil, err
		}
	}
	own, err := Allow(ctx, limiter, OfUserLimits(limits, u), OfUser(u), log)
	if err != nil {
		typed(err)
		return nil, err
	}
	return func(outcome error) {
		typed(outcome)
		own(outcome)
	}, nil
}

// Of returns the key of an identifier, whose limits are the Short ones.
func Of(key core.Key) string {
	if key.Kind == "email" {
		return core.LimitKey("login", key.Value)
	}
	return core.LimitKey("login-"+key.Kind, key.Value)
}

// OfUser returns the key of a user, whose limits are OfUserLimits.
func OfUser(u core.AnyUser) string {
	if whole(u) {
		return core.LimitKey("login-user", u.Base().ID)
	}
	return core.LimitKey("login-user-long", u.Base().ID)
}

// OfNobody returns the key that takes the place of OfUser's for an identifier
// of nobody, so that both cost the same. Its limits are OfNobodyLimits.
func OfNobody(key core.Key) string { return core.LimitKey("login-nobody", key.Kind+" "+key.Value) }

// OfDevice returns the key of a known device, by the digest of its secret.
func OfDevice(digest [32]byte) string {
	return core.LimitKey("login-device", hex.EncodeToString(digest[:]))
}

// whole reports whether all limits are on the count of a user: not only the
// long ones beside the short ones of the identifier.
func whole(u core.AnyUser) bool { return core.NamedOf(u) != nil || u.Base().EmailKey == "" }

// Reset forgives the failures of a user, by whatever identifier: they have just
// proved who they are by something else.
func Reset(ctx context.Context, limiter core.Limiter, u core.AnyUser) error {
	keys := []string{OfUser(u)}
	if b := u.Base(); b.EmailKey != "" {
		keys = append(keys, Of(core.ByEmail(b.EmailKey)))
	}
	if n := core.NamedOf(u); n != nil && n.UsernameKey != "" {
		keys = append(keys, Of(core.ByUsername(n.UsernameKey)))
	}
	for _, key := range keys {
		if err := limiter.Reset(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
