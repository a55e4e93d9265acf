// Package loginlimit counts failed logins of one identifier, wherever they are
// made or forgiven. The count is taken before the password is checked and given
// back afterwards, so that any number of concurrent attempts stays within the
// limit.
//
//	key := loginlimit.Of(core.ByEmail("ada@example.org"))
//	settle, err := loginlimit.Allow(ctx, limiter, limits, key, log)
//	if err != nil {
//		return err // 429 or 503
//	}
//	err = check()
//	settle(err)
//
// Security notes: the key is the digest of the canonical identifier, so
// spellings of one address share a count (allauth 2020, CVE-2025-24806) and the
// limiter holds no address. A user who has a name beside the address has a
// count of their own, so that two identifiers are no two budgets.
package loginlimit

import (
	"context"
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

// Of returns the key of an identifier.
func Of(key core.Key) string {
	if key.Kind == "email" {
		return core.LimitKey("login", key.Value)
	}
	return core.LimitKey("login-"+key.Kind, key.Value)
}

// OfUser returns the key of a user who is known: that of the only identifier,
// or, where the type has core.Named, one of the user's own.
func OfUser(u core.AnyUser) string {
	if b := u.Base(); core.NamedOf(u) != nil || b.EmailKey == "" {
		return core.LimitKey("login-user", b.ID)
	}
	return Of(core.ByEmail(u.Base().EmailKey))
}

// OfNobody returns the key that takes the place of OfUser's for an identifier
// of nobody, so that both cost the same.
func OfNobody(key core.Key) string { return core.LimitKey("login-nobody", key.Kind+" "+key.Value) }

// Reset forgives the failures of a user, by whatever identifier: they have just
// proved the mailbox.
func Reset(ctx context.Context, limiter core.Limiter, u core.AnyUser) error {
	keys := []string{OfUser(u)}
	if n := core.NamedOf(u); n != nil {
		keys = append(keys, Of(core.ByEmail(u.Base().EmailKey)), Of(core.ByUsername(n.UsernameKey)))
	}
	for _, key := range keys {
		if err := limiter.Reset(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
