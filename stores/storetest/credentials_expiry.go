package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var credentialExpiryCases = []credentialCase{
	{Rule: "A credential exists until Expires, and from that very moment it does not", Check: func(ctx context.Context, s credentials) error {
		end := s.Now().Add(s.waits())
		all, err := addCredentials(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		s.advanceUntilBefore(end)
		err = errors.Join(holdsCredential(ctx, s, "before", all[0]), owns(ctx, s, "before", "", AnnID, all...),
			is("Update before", second(s.Store.Update(ctx, "passkey", AnnID, all[0].ID, untouched)), nil),
			is("Delete before", s.Store.Delete(ctx, "passkey", AnnID, all[1].ID), nil))
		s.advanceTo(end)
		return errors.Join(err, unknown(ctx, s, "one"), owns(ctx, s, "afterwards", "", AnnID),
			owns(ctx, s, "afterwards", "passkey", AnnID), refound(ctx, s, "passkey", AnnID, all[0].ID))
	}},
	{Rule: "A credential without Expires does not expire", Check: func(ctx context.Context, s credentials) error {
		end := s.Now().Add(s.waits())
		c := credential(s, AnnID, "one")
		c.Expires = time.Time{}
		err := is("Create", s.Store.Create(ctx, c, 0), nil)
		s.advanceTo(end)
		return errors.Join(err, holdsCredential(ctx, s, "an hour later", c), owns(ctx, s, "an hour later", "", AnnID, c),
			is("Create of the same Key", s.Store.Create(ctx, credential(s, BobID, "one"), 0), core.ErrTaken),
			is("Delete", s.Store.Delete(ctx, "passkey", AnnID, c.ID), nil))
	}},
	{Rule: "The Key and the ID of an expired credential are free, for anybody", Check: func(ctx context.Context, s credentials) error {
		end := s.Now().Add(s.waits())
		all, err := addCredentials(ctx, s, AnnID, "one", "two", "three")
		if err != nil {
			return err
		}
		s.advanceTo(end)
		key, id, both := credential(s, BobID, "one"), credential(s, BobID, "new"), credential(s, BobID, "three")
		id.ID, both.ID = all[1].ID, all[2].ID
		return errors.Join(
			is("Create of the Key", s.Store.Create(ctx, key, 0), nil), is("Create of the ID", s.Store.Create(ctx, id, 0), nil),
			is("Create of both", s.Store.Create(ctx, both, 0), nil),
			holdsCredential(ctx, s, "the Key", key), holdsCredential(ctx, s, "the ID", id),
			holdsCredential(ctx, s, "both", both),
			owns(ctx, s, "the new owner", "", BobID, key, id, both), owns(ctx, s, "the former owner", "", AnnID),
			unknown(ctx, s, "two"),
			is("Create of what is taken again", s.Store.Create(ctx, credential(s, AnnID, "one"), 0), core.ErrTaken))
	}},
	{Rule: "Update moves the end of a credential, and never revives one", Check: func(ctx context.Context, s credentials) error {
		hour := s.waits()
		begin := s.Now()
		all, err := addCredentials(ctx, s, AnnID, "longer", "endless", "over")
		if err != nil {
			return err
		}
		longer, endless, over := all[0], all[1], all[2]
		longer.Expires, endless.Expires, over.Expires = begin.Add(2*hour), time.Time{}, begin
		for _, c := range all {
			got, err2 := s.Store.Update(ctx, "passkey", AnnID, c.ID,
				func(stored *core.Credential) error { stored.Expires = c.Expires; return nil })
			err = errors.Join(err, is("Update of "+c.Key, err2, nil), sameCredential("what Update gave of "+c.Key, got, c))
		}
		err = errors.Join(err, unknown(ctx, s, "over"), refound(ctx, s, "passkey", AnnID, over.ID),
			owns(ctx, s, "at once", "", AnnID, longer, endless))
		s.advanceTo(begin.Add(hour))
		err = errors.Join(err, owns(ctx, s, "an hour later", "", AnnID, longer, endless))
		s.advanceTo(begin.Add(2 * hour))
		return errors.Join(err, owns(ctx, s, "two hours later", "", AnnID, endless),
			refound(ctx, s, "passkey", AnnID, longer.ID))
	}},
	{Rule: "Sweeper: Sweep deletes expired credentials, only those, and gives their number", Check: func(ctx context.Context, s credentials) error {
		sweeper, ok := core.As[core.Sweeper](s.Store)
		if !ok {
			return NotDeclaredError("core.Sweeper")
		}
		hour := s.waits()
		_, err := addCredentials(ctx, s, AnnID, "old", "older")
		endless := credential(s, AnnID, "endless")
		endless.Expires = time.Time{}
		err = errors.Join(err, is("Create", s.Store.Create(ctx, endless, 0), nil),
			outage("Sweep under a cancelled context", second(sweeper.Sweep(cancelled(ctx)))))
		s.Advance(hour / 2)
		young := credential(s, AnnID, "young")
		err = errors.Join(err, is("Create", s.Store.Create(ctx, young, 0), nil))
		early, err2 := sweeper.Sweep(ctx)
		s.Advance(hour / 2)
		due, err3 := sweeper.Sweep(ctx)
		return errors.Join(err, is("Sweep", errors.Join(err2, err3), nil),
			that(early == 0 && due == 2, "Sweeps deleted %d and %d, want 0 and 2", early, due),
			owns(ctx, s, "afterwards", "", AnnID, endless, young))
	}},
}
