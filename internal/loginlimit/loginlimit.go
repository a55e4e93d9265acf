// Package loginlimit counts failed logins of one identifier, wherever they are
// made or forgiven. The count is taken before the password is checked and given
// back afterwards, so that any number of concurrent attempts stays within the
// limit.
//
//	const email = "ada@example.org"
//	settle, err := loginlimit.Allow(ctx, limiter, limits, email, log)
//	if err != nil {
//		return err // 429 or 503
//	}
//	err = check()
//	settle(err)
//
// Security notes: the key is the digest of the canonical e-mail, so spellings
// of one address share a count (allauth 2020, CVE-2025-24806) and the limiter
// holds no address.
package loginlimit

import (
	"context"
	"errors"
	"log/slog"

	"github.com/latchkey-go/latchkey/core"
)

// Allow counts one failure of the identifier in advance; 429 when a limit is
// reached, 503 if the limiter cannot be reached. settle receives how the
// attempt ended: success resets the counts, wrong credentials keep them,
// anything else refunds the one failure.
func Allow(
	ctx context.Context, limiter core.Limiter, limits []core.Limit, emailKey string, log *slog.Logger,
) (settle func(error), err error) {
	if len(limits) == 0 {
		return func(error) {}, nil
	}
	key := keyOf(emailKey)
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

// Reset forgives the failures of an identifier: its owner has just proved the
// mailbox.
func Reset(ctx context.Context, limiter core.Limiter, emailKey string) error {
	return limiter.Reset(ctx, keyOf(emailKey))
}

func keyOf(emailKey string) string { return core.LimitKey("login", emailKey) }
