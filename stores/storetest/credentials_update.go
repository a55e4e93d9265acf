package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var credentialUpdateCases = []credentialCase{
	{Rule: "Update runs change on the current row, stores what it left, and gives it", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		want, saw := all[0], (*core.Credential)(nil)
		before := *want
		edit := func(c *core.Credential) {
			c.Label, c.Data, c.Used, c.Expires = "new label", []byte("new data"), c.Used.Add(time.Second),
				c.Expires.Add(time.Hour)
		}
		got, err := s.Store.Update(ctx, "passkey", AnnID, want.ID, func(c *core.Credential) error {
			seen := *c
			saw = &seen
			edit(c)
			return nil
		})
		if err != nil {
			return is("Update", err, nil)
		}
		edit(want)
		return errors.Join(
			sameCredential("what change was given", saw, &before), sameCredential("what Update gave", got, want),
			holdsCredential(ctx, s, "one", want), holdsCredential(ctx, s, "two", all[1]),
		)
	}},
	{Rule: "Update never moves a credential: ID, Owner, Kind, Key and Created stay", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		for _, edit := range []func(c *core.Credential){
			func(c *core.Credential) { c.ID = all[1].ID }, func(c *core.Credential) { c.ID = "" },
			func(c *core.Credential) { c.Owner = BobID }, func(c *core.Credential) { c.Owner = "" },
			func(c *core.Credential) { c.Kind = "totp" }, func(c *core.Credential) { c.Key = "three" },
			func(c *core.Credential) { c.Key = "two" }, func(c *core.Credential) { c.Created = time.Time{} },
		} {
			// Whether such a change is refused or ignored is the
			// store's choice.
			_, _ = s.Store.Update(ctx, "passkey", AnnID, all[0].ID, func(c *core.Credential) error { edit(c); return nil })
		}
		return errors.Join(owns(ctx, s, "afterwards", "", AnnID, all...), owns(ctx, s, "another owner", "", BobID),
			holdsCredential(ctx, s, "one", all[0]), holdsCredential(ctx, s, "two", all[1]), unknown(ctx, s, "three"),
			is("Find of another kind", second(s.Store.Find(ctx, "totp", "one")), core.ErrNotFound))
	}},
	{Rule: "An error of change undoes everything and is returned as it is", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		var errs []error
		for _, reason := range []error{errors.New("no"), core.ErrUsed, core.ErrNotFound, core.Forbidden()} {
			_, err := s.Store.Update(ctx, "passkey", AnnID, all[0].ID, func(c *core.Credential) error {
				c.Label, c.Data, c.Used, c.Expires = "changed", []byte("changed"), time.Time{}, time.Time{}
				return reason
			})
			errs = append(errs, asIs("Update", err, reason))
		}
		return errors.Join(append(errs, owns(ctx, s, "afterwards", "", AnnID, all...))...)
	}},
	{Rule: "M20 Update and Delete of another owner's, or of another kind, are ErrNotFound", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		bobs, err := addCredentials(ctx, s, BobID, "two")
		if err != nil {
			return err
		}
		errs := []error{refound(ctx, s, "passkey", BobID, all[0].ID), refound(ctx, s, "passkey", AnnID, bobs[0].ID)}
		for _, kind := range []string{"totp", "", "PASSKEY", "passkey ", "passke%", "passkey\x00", "\xff"} {
			errs = append(errs, refound(ctx, s, kind, AnnID, all[0].ID))
		}
		for _, owner := range strangeIDs(AnnID) {
			errs = append(errs, refound(ctx, s, "passkey", owner, all[0].ID))
		}
		return errors.Join(append(errs, owns(ctx, s, "afterwards", "", AnnID, all...),
			owns(ctx, s, "afterwards", "", BobID, bobs...))...)
	}},
	{Rule: "P17 an ID that is absent or does not parse is ErrNotFound, everywhere", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		var errs []error
		for _, id := range append(strangeIDs(all[0].ID), AnnID, "one") {
			errs = append(errs, refound(ctx, s, "passkey", AnnID, id))
		}
		return errors.Join(append(errs, owns(ctx, s, "afterwards", "", AnnID, all...))...)
	}},
	{Rule: "F01 an Update whose context ends meanwhile is done or an error, whole or not at all", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		old, changed := all[0], *all[0]
		edit := func(c *core.Credential) { c.Label, c.Data, c.Used = "late", []byte("late"), c.Used.Add(time.Second) }
		edit(&changed)
		ending, end := context.WithCancel(ctx)
		defer end()
		_, err = s.Store.Update(ending, "passkey", AnnID, old.ID,
			func(c *core.Credential) error { edit(c); end(); return nil })
		found, err2 := s.Store.Find(ctx, "passkey", "one")
		if err2 != nil {
			return is("Find", err2, nil)
		}
		want := &changed
		if err != nil && found.Label == old.Label {
			want = old
		}
		return errors.Join(noSentinel("Update", err), holdsCredential(ctx, s, "afterwards", want),
			is("Update under a living context", second(s.Store.Update(ctx, "passkey", AnnID, old.ID, untouched)), nil))
	}},
}

var credentialDeleteCases = []credentialCase{
	{Rule: "Delete removes the credential; ErrNotFound if there is none", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		id := all[0].ID
		return errors.Join(
			is("Delete", s.Store.Delete(ctx, "passkey", AnnID, id), nil), unknown(ctx, s, "one"),
			refound(ctx, s, "passkey", AnnID, id), owns(ctx, s, "what is left", "", AnnID, all[1]),
		)
	}},
	{Rule: "The Key of a deleted credential is free, for anybody", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		if err := s.Store.Delete(ctx, "passkey", AnnID, all[0].ID); err != nil {
			return is("Delete", err, nil)
		}
		again, err := addCredentials(ctx, s, BobID, "one")
		if err != nil {
			return err
		}
		return errors.Join(owns(ctx, s, "the new owner", "", BobID, again...), owns(ctx, s, "the former owner", "", AnnID))
	}},
}
