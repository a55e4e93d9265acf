package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// keptLinks creates accounts that edit prepared, one for each value, and
// returns an error unless the store returns each unchanged, then and after an
// Update that sets the value.
func keptLinks[T any](ctx context.Context, s accounts, edit func(a *core.OAuthAccount, value T), values ...T) error {
	var errs []error
	for i, value := range values {
		a := link(AnnID, fmt.Sprintf("created %d", i))
		edit(a, value)
		if err := s.Create(ctx, a); err != nil {
			errs = append(errs, is("Create", err, nil))
			continue
		}
		errs = append(errs, holdsLink(ctx, s, "created", a))
		want := link(AnnID, fmt.Sprintf("updated %d", i))
		if err := s.Create(ctx, want); err != nil {
			errs = append(errs, is("Create", err, nil))
			continue
		}
		edit(want, value)
		got, err := s.Update(ctx, want.ID, func(a *core.OAuthAccount) error { edit(a, value); return nil })
		if err != nil {
			errs = append(errs, is("Update", err, nil))
			continue
		}
		errs = append(errs, sameLink("what Update returned", got, want), holdsLink(ctx, s, "updated", want))
	}
	return errors.Join(errs...)
}

var oauthValueCases = []accountCase{
	{Rule: "Email and tokens are kept as they are, empty ones too", Check: func(ctx context.Context, s accounts) error {
		return keptLinks(ctx, s,
			func(a *core.OAuthAccount, text string) { a.Email, a.AccessToken, a.RefreshToken = text, text, text },
			"", " ", "Ann@EXAMPLE.com ", "null", "a.b-c_d~e+f/g==", `'";--\%_?$1:name{users}`, "jörg@bücher.example", "nai\u0308ve", "日本語")
	}},
	{Rule: "Tokens of 16 KiB are kept", Check: func(ctx context.Context, s accounts) error {
		access, refresh := strings.Repeat("0123456789abcdef", 1<<10), strings.Repeat("fedcba9876543210", 1<<10)
		return keptLinks(ctx, s, func(a *core.OAuthAccount, _ bool) { a.AccessToken, a.RefreshToken = access, refresh }, true)
	}},
	{Rule: "Expires is kept in whole seconds and returned in UTC; none stays none", Check: func(ctx context.Context, s accounts) error {
		return errors.Join(
			keptLinks(ctx, s, func(a *core.OAuthAccount, at time.Time) { a.Expires = at },
				time.Time{}, time.Unix(0, 0).UTC(), time.Unix(1, 0).UTC(),
				time.Date(2024, 10, 27, 0, 30, 0, 0, time.UTC), // an hour that occurs twice in Europe's daylight saving time
				time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),  // beyond 31 bits
				time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)),
			oddTimes(ctx, s),
		)
	}},
	{Rule: "Every returned account is the caller's own copy", Check: func(ctx context.Context, s accounts) error {
		given := link(AnnID, "one")
		if err := s.Create(ctx, given); err != nil {
			return is("Create", err, nil)
		}
		want := *given
		spoil := func(a *core.OAuthAccount) { *a = *link(BobID, "spoiled") }
		spoil(given)
		inside := &core.OAuthAccount{}
		updated, err1 := s.Update(ctx, want.ID, func(a *core.OAuthAccount) error { inside = a; return nil })
		found, err2 := s.Find(ctx, "github", "one")
		page, err3 := s.List(ctx, AnnID)
		if err := errors.Join(err1, err2, err3); err != nil {
			return is("Update, Find and List", err, nil)
		}
		for _, a := range append(page, inside, updated, found) {
			spoil(a)
		}
		const after = "after copies were changed"
		return errors.Join(holdsLink(ctx, s, after, &want), lists(ctx, s, after, AnnID, &want))
	}},
}

// oddTimes returns an error unless a time in another zone is kept as the same
// instant, and Update returns the time that it stored for one with a fraction.
func oddTimes(ctx context.Context, s accounts) error {
	a := link(BobID, "odd")
	want := a.Expires
	a.Expires = want.In(time.FixedZone("", -5*60*60))
	if err := s.Create(ctx, a); err != nil {
		return is("Create", err, nil)
	}
	a.Expires = want
	err := holdsLink(ctx, s, "a time of another zone", a)
	got, err2 := s.Update(ctx, a.ID, func(a *core.OAuthAccount) error {
		a.Expires = a.Expires.Add(999 * time.Millisecond)
		return nil
	})
	return errors.Join(err, is("Update", err2, nil), sameLink("what Update returned of a fraction", got, a),
		holdsLink(ctx, s, "a fraction", a))
}
