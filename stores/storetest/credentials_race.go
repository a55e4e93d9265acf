package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// firstOf complains unless one of the concurrent Creates has won, and the store
// has what that one made.
func firstOf(ctx context.Context, s credentials, make func(i int) *core.Credential) error {
	made := [crowd]*core.Credential{}
	errs := together(crowd, func(i int) error {
		made[i] = make(i)
		return s.Store.Create(ctx, made[i], 0)
	})
	err := tally("Create", errs, 1, core.ErrTaken)
	for i, c := range made {
		if errs[i] == nil {
			err = errors.Join(err, holdsCredential(ctx, s, "the winner", c))
		} else if found, _ := s.Store.Find(ctx, c.Kind, c.Key); found != nil && bytes.Equal(found.Data, c.Data) {
			err = errors.Join(err, fmt.Errorf("what Create %d has refused is stored", i))
		}
	}
	return err
}

// rival is one of those that are created at once.
func rival(s credentials, key string, i int) *core.Credential {
	c := credential(s, []string{AnnID, BobID}[i%2], key)
	c.Data = fmt.Appendf(nil, "data %d", i)
	return c
}

var credentialRaceCases = []credentialCase{
	{Rule: "M25 of any number of concurrent Creates of one Key one wins", Check: func(ctx context.Context, s credentials) error {
		return repeat(func(round int) error {
			return firstOf(ctx, s, func(i int) *core.Credential { return rival(s, fmt.Sprintf("round %d", round), i) })
		})
	}},
	{Rule: "Of any number of concurrent Creates of one ID one wins", Check: func(ctx context.Context, s credentials) error {
		return repeat(func(round int) error {
			// The store itself says what its IDs look like.
			gone, err := addCredentials(ctx, s, AnnID, fmt.Sprintf("gone %d", round))
			if err != nil {
				return err
			}
			if err := s.Store.Delete(ctx, "passkey", AnnID, gone[0].ID); err != nil {
				return is("Delete", err, nil)
			}
			return firstOf(ctx, s, func(i int) *core.Credential {
				c := rival(s, fmt.Sprintf("round %d, key %d", round, i), i)
				c.ID = gone[0].ID
				return c
			})
		})
	}},
	{Rule: "Of any number of concurrent Creates of an expired Key one wins", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s credentials) error {
		end := s.Now().Add(s.waits())
		if _, err := addCredentials(ctx, s, AnnID, "one"); err != nil {
			return err
		}
		s.advanceTo(end)
		return firstOf(ctx, s, func(i int) *core.Credential { return rival(s, "one", i) })
	}},
	{Rule: "Of any number of concurrent Creates no more than max get through", Check: func(ctx context.Context, s credentials) error {
		const max = 20
		errs := together(crowd, func(i int) error {
			return s.Store.Create(ctx, credential(s, AnnID, fmt.Sprintf("key %d", i)), max)
		})
		all, err := s.Store.List(ctx, "passkey", AnnID)
		return errors.Join(tally("Create", errs, max, core.ErrFull), is("List", err, nil),
			that(len(all) == max, "List returned %d credentials, want %d", len(all), max))
	}},
	{Rule: "K04 no concurrent Update is lost", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		errs := together(crowd, func(int) error {
			return second(s.Store.Update(ctx, "passkey", AnnID, all[0].ID, func(c *core.Credential) error {
				c.Used, c.Data = c.Used.Add(time.Second), append(c.Data, '+')
				return nil
			}))
		})
		all[0].Used, all[0].Data = all[0].Used.Add(crowd*time.Second),
			append(all[0].Data, bytes.Repeat([]byte("+"), crowd)...)
		return errors.Join(tally("Update", errs, crowd, nil), holdsCredential(ctx, s, "after 64 seconds were added", all[0]))
	}},
	{Rule: "M01 M07 of any number of concurrent Updates that take one value out of Data one succeeds", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s credentials) error {
		return repeat(func(round int) error {
			c := credential(s, AnnID, fmt.Sprintf("round %d", round))
			c.Data = []byte("code1 code2 code3")
			if err := s.Store.Create(ctx, c, 0); err != nil {
				return is("Create", err, nil)
			}
			errs := together(crowd, func(int) error {
				return second(s.Store.Update(ctx, "passkey", AnnID, c.ID, func(c *core.Credential) error {
					before, after, found := bytes.Cut(c.Data, []byte("code2 "))
					if !found {
						return core.ErrUsed
					}
					c.Data = append(bytes.Clone(before), after...)
					return nil
				}))
			})
			c.Data = []byte("code1 code3")
			return errors.Join(tally("Update", errs, 1, core.ErrUsed), holdsCredential(ctx, s, "afterwards", c))
		})
	}},
	{Rule: "Of any number of concurrent Deletes one wins, and no concurrent Update brings the credential back", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		deletes := together(crowd, func(int) error { return s.Store.Delete(ctx, "passkey", AnnID, all[0].ID) })
		var beside [crowd / 2]error
		updates := together(crowd, func(i int) error {
			if i%2 == 0 {
				beside[i/2] = s.Store.Delete(ctx, "passkey", AnnID, all[1].ID)
				return nil
			}
			_, err := s.Store.Update(ctx, "passkey", AnnID, all[1].ID,
				func(c *core.Credential) error { c.Label = "late"; return nil })
			if errors.Is(err, core.ErrNotFound) {
				return nil
			}
			return err
		})
		return errors.Join(tally("Delete", deletes, 1, core.ErrNotFound),
			tally("Delete beside Update", beside[:], 1, core.ErrNotFound),
			tally("Update", updates, crowd, nil), unknown(ctx, s, "one"), unknown(ctx, s, "two"),
			owns(ctx, s, "afterwards", "", AnnID))
	}},
}
