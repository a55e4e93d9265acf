package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// linkKeptOrRefused creates a and returns an error unless the store returns it
// unchanged or has refused it with none of core's errors.
func linkKeptOrRefused(ctx context.Context, s accounts, a *core.OAuthAccount) error {
	if err := s.Create(ctx, a); err != nil {
		return errors.Join(noSentinel("Create", err), unlinked(ctx, s, a.Provider, a.Subject))
	}
	return holdsLink(ctx, s, "created", a)
}

var oauthHardCases = []accountCase{
	{Rule: "An e-mail of 320 bytes and a Provider of 64 are kept", Check: func(ctx context.Context, s accounts) error {
		a := link(AnnID, "one")
		a.Provider, a.Email = strings.Repeat("p", 64), strings.Repeat("ü", 160)
		return errors.Join(is("Create", s.Create(ctx, a), nil), holdsLink(ctx, s, "long", a),
			unlinked(ctx, s, strings.Repeat("p", 63), "one"))
	}},
	{Rule: "G05 P08 a value is stored byte for byte or refused, never shortened or altered", Check: func(ctx context.Context, s accounts) error {
		var errs []error
		for i, text := range hardText() {
			a := link(AnnID, fmt.Sprintf("subject %d", i))
			a.Email, a.AccessToken = text, text
			errs = append(errs, linkKeptOrRefused(ctx, s, a))
			if len(text) < 1<<20 { // an index holds less
				errs = append(errs, linkKeptOrRefused(ctx, s, link(AnnID, text)))
			}
		}
		return errors.Join(append(errs, unlinked(ctx, s, "github", "nul"), unlinked(ctx, s, "github", "broken\ufffdutf8"))...)
	}},
	{Rule: "G05 P08 what Update cannot store byte for byte it refuses, and changes nothing", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		var errs []error
		for _, text := range hardText() {
			before, after := *all[0], *all[0]
			edit := func(a *core.OAuthAccount) { a.Email, a.AccessToken, a.Expires = text, text, a.Expires.Add(time.Second) }
			edit(&after)
			got, err := s.Update(ctx, before.ID, func(a *core.OAuthAccount) error { edit(a); return nil })
			if err != nil {
				errs = append(errs, noSentinel("Update", err), holdsLink(ctx, s, "refused", &before))
				continue
			}
			errs = append(errs, sameLink("what Update returned", got, &after), holdsLink(ctx, s, "updated", &after))
			*all[0] = after
		}
		return errors.Join(errs...)
	}},
	{Rule: "A far Expires is kept or refused, never changed", Check: func(ctx context.Context, s accounts) error {
		var errs []error
		for i, at := range []time.Time{
			time.Unix(-1, 0).UTC(), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(2262, 4, 11, 23, 47, 17, 0, time.UTC),
			time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		} {
			a := link(AnnID, fmt.Sprintf("subject %d", i))
			a.Expires = at
			errs = append(errs, linkKeptOrRefused(ctx, s, a))
		}
		return errors.Join(errs...)
	}},
	{Rule: "F01 a cancelled context is an error that is none of core's sentinels", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		gone := cancelled(ctx)
		id := all[0].ID
		return errors.Join(
			outage("Create", s.Create(gone, link(AnnID, "two"))),
			outage("Find", second(s.Find(gone, "github", "one"))),
			outage("Find of an absent account", second(s.Find(gone, "github", "two"))),
			outage("List", second(s.List(gone, AnnID))),
			outage("List of a user without accounts", second(s.List(gone, BobID))),
			outage("Update", second(s.Update(gone, id, func(a *core.OAuthAccount) error { a.Email = "late"; return nil }))),
			outage("Delete", s.Delete(gone, id)),
			lists(ctx, s, "afterwards", AnnID, all...),
		)
	}},
	{Rule: "F01 an Update whose context ends meanwhile is done or returns an error, whole or not at all", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		old, changed := all[0], *all[0]
		edit := func(a *core.OAuthAccount) { a.Email, a.AccessToken, a.RefreshToken = "late", "late", "late" }
		edit(&changed)
		ending, end := context.WithCancel(ctx)
		defer end()
		_, err = s.Update(ending, old.ID, func(a *core.OAuthAccount) error { edit(a); end(); return nil })
		found, err2 := s.Find(ctx, "github", "one")
		if err2 != nil {
			return is("Find", err2, nil)
		}
		want := &changed
		if err != nil && found.Email == old.Email {
			want = old
		}
		return errors.Join(noSentinel("Update", err), holdsLink(ctx, s, "afterwards", want),
			is("Update under a living context", second(s.Update(ctx, old.ID, func(*core.OAuthAccount) error { return nil })),
				nil))
	}},
}
