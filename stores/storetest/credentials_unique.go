package storetest

import (
	"context"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// likeKeys are different keys to a store, however alike some collation or
// pattern finds them.
var likeKeys = []string{
	"abcdef", "ABCDEF", "Abcdef", "abcdef ", " abcdef", "abc%", "abc_ef", "abcdeF", "7", "07", "7.0", "+7", "7e0", "null", "NULL", "' OR '1'='1",
	`abc\`, "{$gt: ''}", "abc*", "[a-z]", "(?i)abcdef",
}

var credentialUniqueCases = []credentialCase{
	{Rule: "Create is ErrTaken if (Kind, Key) exists, whoever's it is, and changes nothing", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		again := credential(s, AnnID, "one")
		again.Label, again.Data = "again", []byte("again")
		// Neither the same ID nor a free one makes a difference.
		sameID, freeID := credential(s, BobID, "one"), credential(s, BobID, "one")
		free, err := addCredentials(ctx, s, BobID, "free")
		if err != nil {
			return err
		}
		sameID.ID, freeID.ID = all[0].ID, free[0].ID
		return errors.Join(
			is("Create for the same owner", s.Store.Create(ctx, again, 0), core.ErrTaken),
			is("Create for another owner", s.Store.Create(ctx, credential(s, BobID, "one"), 0), core.ErrTaken),
			is("Create for another owner with the same ID", s.Store.Create(ctx, sameID, 0), core.ErrTaken),
			is("Delete", s.Store.Delete(ctx, "passkey", BobID, free[0].ID), nil),
			is("Create for another owner with a free ID", s.Store.Create(ctx, freeID, 0), core.ErrTaken),
			holdsCredential(ctx, s, "the first", all[0]),
			owns(ctx, s, "the first owner", "", AnnID, all...), owns(ctx, s, "the other owner", "", BobID),
		)
	}},
	{Rule: "One Key in two kinds is two credentials", Check: func(ctx context.Context, s credentials) error {
		var all []*core.Credential
		for _, name := range [][2]string{{"passkey", "one"}, {"totp", "one"}, {"totpo", "ne"}, {"totp,o", "ne"},
			{"one", "totp"}} {
			c := credential(s, AnnID, name[1])
			c.Kind, c.Label = name[0], name[0]+name[1]
			if err := s.Store.Create(ctx, c, 0); err != nil {
				return is("Create of "+show(name[0])+", "+show(name[1]), err, nil)
			}
			all = append(all, c)
		}
		errs := []error{owns(ctx, s, "all", "", AnnID, all...), owns(ctx, s, "one kind", "totp", AnnID, all[1])}
		for _, c := range all {
			errs = append(errs, holdsCredential(ctx, s, c.Label, c))
		}
		return errors.Join(errs...)
	}},
	{Rule: "S13 Kind and Key are compared byte by byte", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, likeKeys...)
		if err != nil {
			return err
		}
		var errs []error
		for _, kind := range []string{"Passkey", "passkey ", " passkey", "passke%", "passke_"} {
			c := credential(s, AnnID, "7")
			c.Kind = kind
			errs = append(errs, is("Create of the kind "+show(kind), s.Store.Create(ctx, c, 0), nil),
				owns(ctx, s, "the kind "+show(kind), kind, AnnID, c), holdsCredential(ctx, s, show(kind), c))
		}
		for _, c := range all {
			errs = append(errs, holdsCredential(ctx, s, show(c.Key), c))
		}
		return errors.Join(append(errs, unknown(ctx, s, "aBCdef"), unknown(ctx, s, "abcde%"), unknown(ctx, s, "7 "),
			owns(ctx, s, "passkeys", "passkey", AnnID, all...), owns(ctx, s, "an absent kind", "PASSKEY", AnnID))...)
	}},
	{Rule: "A Kind of 64 bytes and a Key of 255 are kept, and told from those that differ at their end", Check: func(ctx context.Context, s credentials) error {
		kind, key := strings.Repeat("k", 63), strings.Repeat("0123456789abcde", 17)[:254]
		var all []*core.Credential
		for _, name := range [][2]string{{kind + "a", key + "a"}, {kind + "a", key + "b"}, {kind + "b", key + "a"},
			{kind, key}} {
			c := credential(s, AnnID, name[1])
			c.Kind, c.Label = name[0], "long"
			if err := s.Store.Create(ctx, c, 0); err != nil {
				return is("Create", err, nil)
			}
			all = append(all, c)
		}
		errs := []error{owns(ctx, s, "all", "", AnnID, all...), owns(ctx, s, "one kind", kind+"a", AnnID, all[:2]...),
			is("Find of another one", second(s.Store.Find(ctx, kind+"a", key+"c")), core.ErrNotFound)}
		for _, c := range all {
			errs = append(errs, holdsCredential(ctx, s, "long", c))
		}
		return errors.Join(errs...)
	}},
}

var credentialFullCases = []credentialCase{
	{Rule: "Create is ErrFull if the owner has max of the kind, and changes nothing", Check: func(ctx context.Context, s credentials) error {
		var all []*core.Credential
		for _, key := range []string{"one", "two"} {
			c := credential(s, AnnID, key)
			if err := s.Store.Create(ctx, c, 2); err != nil {
				return is("Create of "+key, err, nil)
			}
			all = append(all, c)
		}
		return errors.Join(
			is("Create of a third", s.Store.Create(ctx, credential(s, AnnID, "three"), 2), core.ErrFull),
			is("Create where fewer may be", s.Store.Create(ctx, credential(s, AnnID, "three"), 1), core.ErrFull),
			unknown(ctx, s, "three"), owns(ctx, s, "afterwards", "", AnnID, all...),
			is("Delete", s.Store.Delete(ctx, "passkey", AnnID, all[0].ID), nil),
			is("Create in its place", s.Store.Create(ctx, credential(s, AnnID, "three"), 2), nil),
			is("Create of a third", s.Store.Create(ctx, credential(s, AnnID, "four"), 2), core.ErrFull),
			is("Create where more may be", s.Store.Create(ctx, credential(s, AnnID, "four"), 3), nil),
		)
	}},
	{Rule: "Create is ErrTaken, and not ErrFull, if both are so", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		bobs, err := addCredentials(ctx, s, BobID, "bobs")
		if err != nil {
			return err
		}
		sameID, othersID := credential(s, AnnID, "three"), credential(s, AnnID, "three")
		sameID.ID, othersID.ID = all[0].ID, bobs[0].ID
		return errors.Join(
			is("Create of the owner's own Key", s.Store.Create(ctx, credential(s, AnnID, "one"), 2), core.ErrTaken),
			is("Create of another owner's Key", s.Store.Create(ctx, credential(s, AnnID, "bobs"), 2), core.ErrTaken),
			is("Create with the owner's own ID", s.Store.Create(ctx, sameID, 2), core.ErrTaken),
			is("Create with another owner's ID", s.Store.Create(ctx, othersID, 2), core.ErrTaken),
			is("Create of one too many", s.Store.Create(ctx, credential(s, AnnID, "three"), 2), core.ErrFull),
			owns(ctx, s, "afterwards", "", AnnID, all...), owns(ctx, s, "the other owner", "", BobID, bobs...),
		)
	}},
	{Rule: "A max counts neither other kinds, nor other owners', nor what has expired; 0 is any number", Check: func(ctx context.Context, s credentials) error {
		end := s.Now().Add(s.waits())
		other, endless := credential(s, AnnID, "other"), credential(s, AnnID, "endless")
		other.Kind, endless.Expires = "totp", s.Now().Add(100*s.hour())
		err := errors.Join(is("Create of another kind", s.Store.Create(ctx, other, 1), nil),
			is("Create of another owner's", s.Store.Create(ctx, credential(s, BobID, "bobs"), 1), nil),
			is("Create of the first", s.Store.Create(ctx, credential(s, AnnID, "one"), 1), nil),
			is("Create of any number", s.Store.Create(ctx, endless, 0), nil))
		s.advanceTo(end)
		return errors.Join(err,
			is("Create beside one that has expired", s.Store.Create(ctx, credential(s, AnnID, "two"), 2), nil),
			is("Create of one too many", s.Store.Create(ctx, credential(s, AnnID, "three"), 2), core.ErrFull),
			is("Create of any number", s.Store.Create(ctx, credential(s, AnnID, "three"), 0), nil))
	}},
}
