package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// walk lists page by page and returns the EmailKeys in the order of the list.
// between runs after each page, with its last user.
func walk(ctx context.Context, s users, prefix string, limit int, between func(last *Account) error) ([]string, error) {
	return walkQuery(ctx, s, core.Query{Email: prefix, Limit: limit}, between)
}

func walkQuery(ctx context.Context, s users, q core.Query, between func(last *Account) error) ([]string, error) {
	var keys []string
	limit := q.Limit
	for {
		page, next, err := s.List(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("List(%+v): %w", q, err)
		}
		if len(page) > limit {
			return nil, fmt.Errorf("List returned %d users, want at most %d", len(page), limit)
		}
		for _, u := range page {
			keys = append(keys, u.EmailKey)
		}
		if next == "" {
			return keys, nil
		}
		if len(keys) > 1_000 { // no case makes as many users
			return nil, errors.New("List does not come to an end")
		}
		if len(page) == 0 {
			return nil, errors.New("List returned a next and no users")
		}
		if err := between(page[len(page)-1]); err != nil {
			return nil, err
		}
		q.Cursor = next
	}
}

func nothing(*Account) error { return nil }

// listsKeys returns an error unless List returns users with these EmailKeys, in
// any order.
func listsKeys(ctx context.Context, s users, prefix string, want ...string) error {
	got, err := walk(ctx, s, prefix, 2, nothing)
	return errors.Join(err, sameSet("List of "+show(prefix), got, want))
}

// numbered returns n EmailKeys, not in sorted order.
func numbered(name string, n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%03d@example.com", name, i*37%n)
	}
	return keys
}

// sameSet returns an error unless got has each of want once and nothing else.
func sameSet(step string, got, want []string) error {
	g, w := slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	return that(slices.Equal(g, w), "%s: got %q, want %q", step, g, w)
}

var listCases = []userCase{
	{Rule: "List of nobody is empty", Check: func(ctx context.Context, s users) error {
		keys, err := walk(ctx, s, "", 10, nothing)
		return errors.Join(err, that(len(keys) == 0, "List returned %q", keys))
	}},
	{Rule: "List returns each user once, in a stable order, whatever the limit (1–100)", Check: func(ctx context.Context, s users) error {
		want := numbered("ann", 101)
		if _, err := add(ctx, s, want...); err != nil {
			return err
		}
		first, err := walk(ctx, s, "", 100, nothing)
		errs := []error{err, sameSet("limit 100", first, want)}
		for _, limit := range []int{1, 7, 100} {
			again, err := walk(ctx, s, "", limit, nothing)
			errs = append(errs, err, that(slices.Equal(again, first), "limit %d: the order is %q, was %q", limit, again, first))
		}
		for _, limit := range []int{0, -1, 101, 1 << 20, math.MaxInt, math.MinInt} {
			// The store may refuse or correct such a limit.
			page, _, _ := s.List(ctx, core.Query{Limit: limit})
			errs = append(errs, that(len(page) <= 100, "limit %d: List returned %d users, want at most 100", limit, len(page)))
		}
		return errors.Join(errs...)
	}},
	{Rule: "List returns whole users", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		page, _, err := s.List(ctx, core.Query{Email: "ann", Limit: 10})
		if err != nil || len(page) != 1 {
			return fmt.Errorf("List returned %d users and error %v, want one", len(page), err)
		}
		return same("List", page[0], all[0])
	}},
	{Rule: "List's next is empty on the last page, and only there", Check: func(ctx context.Context, s users) error {
		if _, err := add(ctx, s, numbered("ann", 4)...); err != nil {
			return err
		}
		page, next, err := s.List(ctx, core.Query{Limit: 4})
		_, more, err2 := s.List(ctx, core.Query{Limit: 3})
		return errors.Join(
			is("List", err, nil), is("List", err2, nil),
			that(len(page) == 4 && next == "", "4 users, limit 4: got %d users and next %q, want 4 and none", len(page), next),
			that(more != "", "4 users, limit 3: got no next"),
		)
	}},
	{Rule: "P17 List's prefix is compared byte by byte; no character of it is special", Check: func(ctx context.Context, s users) error {
		all := []string{
			"a%b@x", "a_b@x", `a\b@x`, "a.b@x", "a*b@x", "a[b@x", "a^b@x", "a'b@x", `a"b@x`, "a$b@x", "a?b@x", "a😀@x", "aé@x", "ae@x", "aɐ@x",
			"A%b@x", "Aé@x", "ax@x", "b@x", "%@x", "_@x", `\@x`, "é@x", "É@x", "e\u0301@x", "\uffff@x", "😀@x",
		}
		if _, err := add(ctx, s, all...); err != nil {
			return err
		}
		var errs []error
		for _, prefix := range slices.Concat(all, []string{
			"", "a", "A", "a%", "a_", `a\`, "a.", "a*", "a[", "a^", "a'", `a"`, "a$", "a?", "a😀", "aé", "%", "_", `\`, ".", ".*", "^a", "é", "\uffff", "😀",
			"a%b@x ", "' OR '1'='1", "a' --", "zz", "[a-z]", "a\x00",
		}) {
			var want []string
			for _, key := range all {
				if len(key) >= len(prefix) && key[:len(prefix)] == prefix {
					want = append(want, key)
				}
			}
			got, err := walk(ctx, s, prefix, 5, nothing)
			errs = append(errs, err, sameSet("prefix "+show(prefix), got, want))
		}
		return errors.Join(errs...)
	}},
	{Rule: "P16 a cursor that the store did not make is ErrInvalid", Check: func(ctx context.Context, s users) error {
		if _, err := add(ctx, s, numbered("ann", 4)...); err != nil {
			return err
		}
		_, next, err := s.List(ctx, core.Query{Limit: 2})
		if err != nil || next == "" {
			return fmt.Errorf("List returned next %q and error %v", next, err)
		}
		var errs []error
		for _, cursor := range []string{
			"garbage", "x", "-1", "9223372036854775808", " ", "' OR '1'='1", "\x00", "\xff", "bm9uc2Vuc2U", "eyJpZCI6eyIkZ3QiOiIifX0", next + "x", "x" + next, next + " ", next + "' --",
		} {
			_, _, err := s.List(ctx, core.Query{Cursor: cursor, Limit: 2})
			errs = append(errs, is("List with the cursor "+show(cursor), err, core.ErrInvalid))
		}
		page, _, err := s.List(ctx, core.Query{Cursor: next, Limit: 2})
		return errors.Join(append(errs, is("List with a valid cursor", err, nil),
			that(len(page) == 2, "List with a valid cursor returned %d users, want 2", len(page)))...)
	}},
	{Rule: "List of an Email is in the order of the EmailKeys' bytes, whatever the limit",
		Check: func(ctx context.Context, s users) error {
			want := numbered("ann", 23)
			want = append(want, "ann", "anné@x", "ann😀@x", "ann.é@x", "annZ@x", "ann_@x")
			all := slices.Concat([]string{"amn@x"}, want, []string{"ano@x", "zoe@x"})
			if _, err := add(ctx, s, all...); err != nil {
				return err
			}
			slices.Sort(want)
			var errs []error
			for _, limit := range []int{1, 4, 7, 100} {
				got, err := walk(ctx, s, "ann", limit, nothing)
				errs = append(errs, err, that(slices.Equal(got, want), "limit %d: got %q, want %q", limit, got, want))
			}
			return errors.Join(errs...)
		}},
	{Rule: "List of an Email returns each user once while others come and go, and the last of each page is deleted",
		Check: func(ctx context.Context, s users) error {
			want := numbered("ann", 18)
			if _, err := add(ctx, s, want...); err != nil {
				return err
			}
			n := 0
			got, err := walk(ctx, s, "ann", 3, func(last *Account) error {
				n++
				_, err := add(ctx, s, fmt.Sprintf("ann000-new%d@example.com", n), fmt.Sprintf("other%d@example.com", n))
				return errors.Join(err, s.Delete(ctx, last.ID))
			})
			there := slices.DeleteFunc(got, func(key string) bool { return !slices.Contains(want, key) })
			return errors.Join(err, sameSet("those who were there", there, want))
		}},
	{Rule: "P16 a cursor of another query is ErrInvalid",
		Check: func(ctx context.Context, s users) error {
			if _, err := add(ctx, s, numbered("ann", 9)...); err != nil {
				return err
			}
			var errs []error
			queries := []string{"", "a", "ann", "ann0"}
			for _, of := range queries {
				_, next, err := s.List(ctx, core.Query{Email: of, Limit: 2})
				errs = append(errs, is("List", err, nil), that(next != "", "List of %q returned no next", of))
				for _, with := range queries {
					want := core.ErrInvalid
					if of == with {
						want = nil
					}
					// Another limit is the same query.
					_, _, err := s.List(ctx, core.Query{Email: with, Cursor: next, Limit: 3})
					errs = append(errs, is(fmt.Sprintf("List of %q with a cursor of %q", with, of), err, want))
				}
				forged := []byte(next)
				for i := range forged {
					was := forged[i]
					forged[i] = 'A' + (was+1)%26
					_, _, err := s.List(ctx, core.Query{Email: of, Cursor: string(forged), Limit: 2})
					errs = append(errs, is("List with the forged cursor "+show(string(forged)), err, core.ErrInvalid))
					forged[i] = was
				}
			}
			return errors.Join(errs...)
		}},
}
