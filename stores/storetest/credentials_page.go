package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

var credentialPageCases = []credentialCase{
	{Rule: "CredentialPager: the pages have each living credential of the kind once, whoever's it is", Check: func(ctx context.Context, s credentials) error {
		pager, ok := core.As[core.CredentialPager](s.Store)
		if !ok {
			return NotDeclaredError("core.CredentialPager")
		}
		keys := []string{"A", "a", "b", "ba", "B", "~", "0"}
		if _, err := addCredentials(ctx, s, AnnID, keys[:4]...); err != nil {
			return err
		}
		if _, err := addCredentials(ctx, s, BobID, keys[4:]...); err != nil {
			return err
		}
		other := credential(s, AnnID, "other")
		other.Kind = "passkeys"
		gone := credential(s, BobID, "gone")
		gone.Expires = s.Now()
		for _, c := range []*core.Credential{other, gone} {
			if err := s.Store.Create(ctx, c, 0); err != nil {
				return is("Create", err, nil)
			}
		}
		for _, limit := range []int{1, 3, 7, 100} {
			got, err := pages(ctx, pager, limit)
			if err != nil {
				return err
			}
			slices.Sort(got)
			if want := slices.Sorted(slices.Values(keys)); !slices.Equal(got, want) {
				return fmt.Errorf("pages of %d have %q, want %q", limit, got, want)
			}
		}
		none, err := pager.Page(ctx, "nothing", "", 9)
		return errors.Join(
			is("Page of another kind", err, nil), that(len(none) == 0, "Page of another kind has %d credentials", len(none)),
			outage("Page under a cancelled context", second(pager.Page(cancelled(ctx), "passkey", "", 9))),
		)
	}},
	{Rule: "CredentialPager: a credential that is changed meanwhile keeps its place", Check: func(ctx context.Context, s credentials) error {
		pager, ok := core.As[core.CredentialPager](s.Store)
		if !ok {
			return NotDeclaredError("core.CredentialPager")
		}
		keys := []string{"a", "b", "c", "d", "e"}
		if _, err := addCredentials(ctx, s, AnnID, keys...); err != nil {
			return err
		}
		var got []string
		for after := ""; ; {
			page, err := pager.Page(ctx, "passkey", after, 2)
			if err != nil {
				return is("Page", err, nil)
			}
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				after = c.Key
				got = append(got, c.Key)
				_, err := s.Store.Update(ctx, "passkey", AnnID, c.ID, func(c *core.Credential) error {
					c.Label, c.Data, c.Used = "changed", []byte("anew"), s.Now()
					return nil
				})
				if err != nil {
					return is("Update", err, nil)
				}
			}
			if len(got) > len(keys) {
				break
			}
		}
		slices.Sort(got)
		return that(slices.Equal(got, keys), "the pages have %q, want %q", got, keys)
	}},
}

// pages returns the keys of all passkeys, read page by page.
func pages(ctx context.Context, pager core.CredentialPager, limit int) (keys []string, err error) {
	for after := ""; len(keys) < 100; {
		page, err := pager.Page(ctx, "passkey", after, limit)
		if err != nil {
			return nil, is("Page", err, nil)
		}
		if len(page) == 0 {
			return keys, nil
		}
		if len(page) > limit {
			return nil, fmt.Errorf("a page of %d has %d credentials", limit, len(page))
		}
		for _, c := range page {
			keys = append(keys, c.Key)
		}
		after = page[len(page)-1].Key
	}
	return keys, nil
}
