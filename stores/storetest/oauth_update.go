package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var oauthUpdateCases = []accountCase{
	{Rule: "Update runs change on the current row, stores what it left, and returns it", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		want, saw := all[0], (*core.OAuthAccount)(nil)
		before := *want
		edit := func(a *core.OAuthAccount) {
			a.Email, a.AccessToken, a.RefreshToken, a.Expires = "new@example.com", "new access", "", a.Expires.Add(time.Hour)
		}
		got, err := s.Update(ctx, want.ID, func(a *core.OAuthAccount) error {
			seen := *a
			saw = &seen
			edit(a)
			return nil
		})
		if err != nil {
			return is("Update", err, nil)
		}
		edit(want)
		return errors.Join(
			sameLink("what change was given", saw, &before), sameLink("what Update returned", got, want),
			holdsLink(ctx, s, "one", want), holdsLink(ctx, s, "two", all[1]),
		)
	}},
	{Rule: "Update may move an account to another user", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		bobs, err := addLinks(ctx, s, BobID, "three")
		if err != nil {
			return err
		}
		moved, err := s.Update(ctx, all[0].ID, func(a *core.OAuthAccount) error { a.UserID = BobID; return nil })
		all[0].UserID = BobID
		return errors.Join(is("Update", err, nil), sameLink("what Update returned", moved, all[0]),
			holdsLink(ctx, s, "one", all[0]),
			lists(ctx, s, "the former owner", AnnID, all[1]), lists(ctx, s, "the new owner", BobID, all[0], bobs[0]))
	}},
	{Rule: "Update never makes an account another one: ID, Provider and Subject stay", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		for _, edit := range []func(a *core.OAuthAccount){
			func(a *core.OAuthAccount) { a.ID = all[1].ID }, func(a *core.OAuthAccount) { a.ID = "" },
			func(a *core.OAuthAccount) { a.Provider = "google" },
			func(a *core.OAuthAccount) { a.Subject = "three" }, func(a *core.OAuthAccount) { a.Subject = "two" },
		} {
			// The store may refuse or ignore such a change.
			_, _ = s.Update(ctx, all[0].ID, func(a *core.OAuthAccount) error { edit(a); return nil })
		}
		return errors.Join(lists(ctx, s, "afterwards", AnnID, all...), holdsLink(ctx, s, "one", all[0]),
			holdsLink(ctx, s, "two", all[1]),
			unlinked(ctx, s, "google", "one"), unlinked(ctx, s, "github", "three"))
	}},
	{Rule: "K04 no concurrent Update is lost", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		errs := together(crowd, func(int) error {
			_, err := s.Update(ctx, all[0].ID,
				func(a *core.OAuthAccount) error { a.Expires = a.Expires.Add(time.Second); return nil })
			return err
		})
		all[0].Expires = all[0].Expires.Add(crowd * time.Second)
		return errors.Join(tally("Update", errs, crowd, nil), holdsLink(ctx, s, "after 64 seconds were added", all[0]))
	}},
	{Rule: "An error of change undoes everything and is returned as it is", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		var errs []error
		for _, reason := range []error{errors.New("no"), core.ErrNotFound, core.Forbidden()} {
			_, err := s.Update(ctx, all[0].ID, func(a *core.OAuthAccount) error {
				a.UserID, a.Email, a.AccessToken, a.RefreshToken, a.Expires = BobID, "changed", "changed", "changed", time.Time{}
				return reason
			})
			errs = append(errs, asIs("Update", err, reason))
		}
		return errors.Join(append(errs, lists(ctx, s, "afterwards", AnnID, all...),
			lists(ctx, s, "the other user", BobID))...)
	}},
	{Rule: "P17 an ID that is absent or does not parse is ErrNotFound, everywhere", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		var errs []error
		for _, id := range append(strangeIDs(all[0].ID), AnnID) {
			change := func(*core.OAuthAccount) error { return errors.New("change was called") }
			errs = append(errs,
				is("Update "+show(id), second(s.Update(ctx, id, change)), core.ErrNotFound),
				is("Delete "+show(id), s.Delete(ctx, id), core.ErrNotFound),
			)
		}
		return errors.Join(append(errs, lists(ctx, s, "afterwards", AnnID, all...))...)
	}},
}

var oauthDeleteCases = []accountCase{
	{Rule: "Delete removes the account; ErrNotFound if there is none", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		id := all[0].ID
		return errors.Join(
			is("Delete", s.Delete(ctx, id), nil), unlinked(ctx, s, "github", "one"),
			is("Update", second(s.Update(ctx, id, func(*core.OAuthAccount) error { return nil })), core.ErrNotFound),
			is("Delete again", s.Delete(ctx, id), core.ErrNotFound),
			lists(ctx, s, "what is left", AnnID, all[1]),
		)
	}},
	{Rule: "A deleted account may be linked again, by anybody", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		if err := s.Delete(ctx, all[0].ID); err != nil {
			return is("Delete", err, nil)
		}
		again, err := addLinks(ctx, s, BobID, "one")
		if err != nil {
			return err
		}
		return errors.Join(lists(ctx, s, "the new owner", BobID, again...), lists(ctx, s, "the former owner", AnnID))
	}},
	{Rule: "Of any number of concurrent Deletes one wins, and no concurrent Update brings the account back", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		id := all[0].ID
		var deletes [crowd / 2]error
		updates := together(crowd, func(i int) error {
			if i%2 == 0 {
				deletes[i/2] = s.Delete(ctx, id)
				return nil
			}
			_, err := s.Update(ctx, id, func(a *core.OAuthAccount) error { a.Email = "late@example.com"; return nil })
			if errors.Is(err, core.ErrNotFound) {
				return nil
			}
			return err
		})
		return errors.Join(
			tally("Delete", deletes[:], 1, core.ErrNotFound), tally("Update", updates, crowd, nil),
			unlinked(ctx, s, "github", "one"), lists(ctx, s, "afterwards", AnnID),
		)
	}},
}
