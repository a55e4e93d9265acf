package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Credentials checks a store of what users prove with who they are. They belong
// to AnnID and BobID. The store must read its time from now.
func Credentials(
	t *testing.T, open func(t *testing.T, now func() time.Time) core.CredentialStore, lacks ...Lack,
) {
	t.Helper()
	Run(t, clocked(open, lacks), CredentialCases(), lacks...)
}

// CredentialCases are the obligations of a core.CredentialStore.
func CredentialCases() []Case[Clocked[core.CredentialStore]] {
	return slices.Concat(
		credentialCreateCases, credentialUniqueCases, credentialFullCases, credentialFindCases, credentialValueCases,
		credentialLimitCases, credentialExpiryCases, credentialUpdateCases, credentialDeleteCases, credentialRaceCases,
		credentialPageCases,
	)
}

type (
	credentials    = Clocked[core.CredentialStore]
	credentialCase = Case[Clocked[core.CredentialStore]]
)

// credential is a passkey that lives for an hour of the clock, with all fields
// set to plain values: odd ones have cases of their own.
func credential(s credentials, owner, key string) *core.Credential {
	now := s.Now()
	return &core.Credential{
		Owner: owner, Kind: "passkey", Key: key, Label: "label of " + key, Data: []byte("data of " + key),
		Created: now.Add(-time.Hour).Truncate(time.Second), Used: now.Add(-time.Minute), Expires: now.Add(s.hour()),
	}
}

// addCredentials creates a passkey of the owner for each key.
func addCredentials(ctx context.Context, s credentials, owner string, keys ...string) ([]*core.Credential, error) {
	var all []*core.Credential
	for _, key := range keys {
		c := credential(s, owner, key)
		if err := s.Store.Create(ctx, c, 0); err != nil {
			return nil, is("Create of "+show(key), err, nil)
		}
		all = append(all, c)
	}
	return all, nil
}

// holdsCredential complains unless the store has c as it is.
func holdsCredential(ctx context.Context, s credentials, step string, c *core.Credential) error {
	got, err := s.Store.Find(ctx, c.Kind, c.Key)
	if err != nil {
		return is(step+": Find", err, nil)
	}
	return sameCredential(step+": Find", got, c)
}

func sameCredential(step string, got, want *core.Credential) error {
	if got == nil {
		return fmt.Errorf("%s: got no credential", step)
	}
	g, w := *got, *want
	g.Data, w.Data = nil, nil // nil and empty are one
	return errors.Join(
		that(bytes.Equal(got.Data, want.Data), "%s: Data is %q, want %q", step, got.Data, want.Data),
		sameFields(step, reflect.ValueOf(g), reflect.ValueOf(w)),
	)
}

// byAge orders credentials as List does, and those of one moment in some way.
func byAge(a, b *core.Credential) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}

// owns complains unless List returns want, the oldest first.
func owns(ctx context.Context, s credentials, step, kind, owner string, want ...*core.Credential) error {
	got, err := s.Store.List(ctx, kind, owner)
	if err != nil {
		return is(step+": List", err, nil)
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: List returned %d credentials, want %d", step, len(got), len(want))
	}
	old := func(a, b *core.Credential) int { return a.Created.Compare(b.Created) }
	errs := []error{that(slices.IsSortedFunc(got, old), "%s: List does not begin with the oldest", step)}
	got, want = slices.SortedFunc(slices.Values(got), byAge), slices.SortedFunc(slices.Values(want), byAge)
	for i := range want {
		errs = append(errs, sameCredential(fmt.Sprintf("%s: List, credential %d", step, i), got[i], want[i]))
	}
	return errors.Join(errs...)
}

// unknown complains unless nobody has the passkey.
func unknown(ctx context.Context, s credentials, key string) error {
	return is("Find of "+show(key), second(s.Store.Find(ctx, "passkey", key)), core.ErrNotFound)
}

// untouched is a change of nothing.
func untouched(*core.Credential) error { return nil }

// refound complains unless Update and Delete by these names are ErrNotFound,
// and change is not called.
func refound(ctx context.Context, s credentials, kind, owner, id string) error {
	by := " by " + show(kind) + ", " + show(owner) + ", " + show(id)
	called := func(*core.Credential) error { return errors.New("change was called") }
	return errors.Join(
		is("Update"+by, second(s.Store.Update(ctx, kind, owner, id, called)), core.ErrNotFound),
		is("Delete"+by, s.Store.Delete(ctx, kind, owner, id), core.ErrNotFound),
	)
}

var credentialCreateCases = []credentialCase{
	{Rule: "Create sets the ID where it is empty, another one for every credential", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		return errors.Join(
			that(all[0].ID != "" && all[1].ID != "" && all[0].ID != all[1].ID, "IDs are %q and %q", all[0].ID, all[1].ID),
			holdsCredential(ctx, s, "first", all[0]), holdsCredential(ctx, s, "second", all[1]),
		)
	}},
	{Rule: "Create keeps an ID that it is given", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		// The store itself says what its IDs look like.
		c := credential(s, BobID, "two")
		c.ID = all[0].ID
		return errors.Join(
			is("Delete", s.Store.Delete(ctx, "passkey", AnnID, c.ID), nil),
			is("Create with an ID", s.Store.Create(ctx, c, 0), nil),
			that(c.ID == all[0].ID, "Create changed the ID %q to %q", all[0].ID, c.ID),
			holdsCredential(ctx, s, "given ID", c),
		)
	}},
	{Rule: "Create is ErrTaken if the ID exists, whoever's it is, and changes nothing", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		anns, bobs := credential(s, AnnID, "two"), credential(s, BobID, "two")
		anns.Kind, anns.ID, bobs.ID = "totp", all[0].ID, all[0].ID
		return errors.Join(
			is("Create with an existing ID", s.Store.Create(ctx, anns, 0), core.ErrTaken),
			is("Create of another owner's with an existing ID", s.Store.Create(ctx, bobs, 0), core.ErrTaken),
			holdsCredential(ctx, s, "the first", all[0]), unknown(ctx, s, "two"),
			owns(ctx, s, "the first owner", "", AnnID, all...), owns(ctx, s, "the other owner", "", BobID),
		)
	}},
	{Rule: "A refused Create leaves an empty ID empty", Check: func(ctx context.Context, s credentials) error {
		if _, err := addCredentials(ctx, s, AnnID, "one"); err != nil {
			return err
		}
		taken, full, long := credential(s, BobID, "one"), credential(s, AnnID, "two"), credential(s, AnnID, "")
		return errors.Join(
			is("Create", s.Store.Create(ctx, taken, 0), core.ErrTaken), that(taken.ID == "", "the ID is %q", taken.ID),
			is("Create of one too many", s.Store.Create(ctx, full, 1), core.ErrFull),
			that(full.ID == "", "the ID is %q", full.ID),
			outage("Create without a Key", s.Store.Create(ctx, long, 0)), that(long.ID == "", "the ID is %q", long.ID),
		)
	}},
}
