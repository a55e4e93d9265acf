package storetest

import (
	"context"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

var oauthUniqueCases = []accountCase{
	{Rule: "Create is ErrTaken if (Provider, Subject) exists, whoever's it is, and changes nothing", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		id := all[0].ID
		again := link(AnnID, "one")
		again.Email, again.AccessToken = "again@example.com", "again"
		// Neither the same ID nor a free one makes a difference.
		sameID, freeID := link(BobID, "one"), link(BobID, "one")
		sameID.ID = id
		free, err := addLinks(ctx, s, BobID, "free")
		if err != nil {
			return err
		}
		freeID.ID = free[0].ID
		return errors.Join(
			is("Create for the same user", s.Create(ctx, again), core.ErrTaken),
			is("Create for another user", s.Create(ctx, link(BobID, "one")), core.ErrTaken),
			is("Create for another user with the same ID", s.Create(ctx, sameID), core.ErrTaken),
			is("Delete", s.Delete(ctx, free[0].ID), nil),
			is("Create for another user with a free ID", s.Create(ctx, freeID), core.ErrTaken),
			holdsLink(ctx, s, "the first account", all[0]),
			lists(ctx, s, "the first user", AnnID, all...), lists(ctx, s, "the other user", BobID),
		)
	}},
	{Rule: "A refused Create leaves an empty ID empty", Check: func(ctx context.Context, s accounts) error {
		if _, err := addLinks(ctx, s, AnnID, "one"); err != nil {
			return err
		}
		a := link(BobID, "one")
		return errors.Join(is("Create", s.Create(ctx, a), core.ErrTaken), that(a.ID == "", "the ID is %q", a.ID))
	}},
	{Rule: "Accounts at different providers are different, whatever their Subjects", Check: func(ctx context.Context, s accounts) error {
		var all []*core.OAuthAccount
		for _, name := range [][2]string{{"github", "one"}, {"google", "one"}, {"githu", "bone"}, {"github|o", "ne"},
			{"one", "github"}} {
			a := link(AnnID, name[1])
			a.Provider, a.Email = name[0], name[0]+"@example.com"
			if err := s.Create(ctx, a); err != nil {
				return is("Create of "+show(name[0])+", "+show(name[1]), err, nil)
			}
			all = append(all, a)
		}
		return lists(ctx, s, "all", AnnID, all...)
	}},
	{Rule: "O25 Subject and Provider are compared byte by byte", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, append(lookalikes, "7", "07", "7.0", " 7", "7 ", "+7", "7e0")...)
		if err != nil {
			return err
		}
		var errs []error
		for _, provider := range []string{"GitHub", "github ", " github", "gıthub", "gi\u0301thub", "g\u00edthub"} {
			a := link(BobID, "7")
			a.Provider = provider
			errs = append(errs, is("Create at "+show(provider), s.Create(ctx, a), nil))
			all = append(all, a)
		}
		for _, a := range all {
			errs = append(errs, holdsLink(ctx, s, show(a.Provider)+", "+show(a.Subject), a))
		}
		return errors.Join(append(errs, unlinked(ctx, s, "GITHUB", "7"), unlinked(ctx, s, "github", "miKe@example.com"))...)
	}},
	{Rule: "A Subject of 255 bytes is kept, and distinguished from those that differ at its end", Check: func(ctx context.Context, s accounts) error {
		long, umlauts := strings.Repeat("s", 254), strings.Repeat("ü", 127)
		all, err := addLinks(ctx, s, AnnID, long+"a", long+"b", long, umlauts+"a", umlauts+"b")
		if err != nil {
			return err
		}
		return errors.Join(lists(ctx, s, "long Subjects", AnnID, all...), holdsLink(ctx, s, "the second", all[1]),
			holdsLink(ctx, s, "the fifth", all[4]), unlinked(ctx, s, "github", long+"c"))
	}},
}
