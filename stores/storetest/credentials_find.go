package storetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var credentialFindCases = []credentialCase{
	{Rule: "Find gives ErrNotFound for a key that no credential has", Check: func(ctx context.Context, s credentials) error {
		if _, err := addCredentials(ctx, s, AnnID, "one"); err != nil {
			return err
		}
		var errs []error
		for _, absent := range [][2]string{
			{"passkey", "two"}, {"totp", "one"}, {"one", "passkey"}, {"", ""}, {"passkey", ""}, {"", "one"}, {"passkey", "on%"}, {"passkeyo", "ne"},
			{"passkey", "' OR '1'='1"}, {"passkey", "one\x00"}, {"passkey\x00", "one"}, {"\xff", "one"}, {"passkey", "\xff"}, {"passkey", "öne"},
			{"passkey", AnnID}, {"pass%", "one"},
		} {
			errs = append(errs, is("Find of "+show(absent[0])+", "+show(absent[1]),
				second(s.Store.Find(ctx, absent[0], absent[1])), core.ErrNotFound))
		}
		return errors.Join(errs...)
	}},
	{Rule: "List gives an owner's credentials of a kind, or of all, the oldest first, and nobody else's", Check: func(ctx context.Context, s credentials) error {
		var passkeys, all, others []*core.Credential
		// Keys, creation and Created are in different orders.
		for i, key := range []string{"m", "z", "a", "k", "b", "y", "c", "x"} {
			mine, other := credential(s, AnnID, key), credential(s, BobID, key+"'s friend")
			mine.Created = mine.Created.Add(time.Duration(i*5%8) * time.Minute)
			if i%3 == 0 {
				mine.Kind = "totp"
			} else {
				passkeys = append(passkeys, mine)
			}
			if err := errors.Join(s.Store.Create(ctx, mine, 0), s.Store.Create(ctx, other, 0)); err != nil {
				return is("Create", err, nil)
			}
			all, others = append(all, mine), append(others, other)
		}
		slices.SortFunc(all, byAge)
		changed, err := s.Store.Update(ctx, passkeys[1].Kind, AnnID, passkeys[1].ID,
			func(c *core.Credential) error { c.Label = "changed"; return nil })
		if err != nil {
			return is("Update", err, nil)
		}
		*passkeys[1] = *changed
		return errors.Join(owns(ctx, s, "of a kind", "passkey", AnnID, passkeys...),
			owns(ctx, s, "of all kinds", "", AnnID, all...),
			owns(ctx, s, "the other owner", "", BobID, others...), owns(ctx, s, "the other owner's kind", "totp", BobID))
	}},
	{Rule: "List of an owner without credentials, or of no user at all, is empty", Check: func(ctx context.Context, s credentials) error {
		if _, err := addCredentials(ctx, s, AnnID, "one"); err != nil {
			return err
		}
		errs := []error{owns(ctx, s, "an owner without any", "", BobID), owns(ctx, s, "a kind without any", "totp", AnnID)}
		for _, id := range strangeIDs(AnnID) {
			errs = append(errs, owns(ctx, s, show(id), "", id), owns(ctx, s, show(id), "passkey", id))
		}
		for _, kind := range []string{"pass%", "passkey\x00", "\xff", "' OR '1'='1"} {
			errs = append(errs, owns(ctx, s, show(kind), kind, AnnID))
		}
		return errors.Join(errs...)
	}},
	{Rule: "F01 a cancelled context is an error that is none of core's sentinels", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		gone, id := cancelled(ctx), all[0].ID
		late := func(c *core.Credential) error { c.Label = "late"; return nil }
		return errors.Join(
			outage("Create", s.Store.Create(gone, credential(s, AnnID, "two"), 0)),
			outage("Create of one too many", s.Store.Create(gone, credential(s, AnnID, "two"), 1)),
			outage("Find", second(s.Store.Find(gone, "passkey", "one"))),
			outage("Find of an absent one", second(s.Store.Find(gone, "passkey", "two"))),
			outage("List", second(s.Store.List(gone, "", AnnID))),
			outage("List of nothing", second(s.Store.List(gone, "passkey", BobID))),
			outage("Update", second(s.Store.Update(gone, "passkey", AnnID, id, late))),
			outage("Delete", s.Store.Delete(gone, "passkey", AnnID, id)),
			owns(ctx, s, "afterwards", "", AnnID, all...), unknown(ctx, s, "two"),
		)
	}},
}
