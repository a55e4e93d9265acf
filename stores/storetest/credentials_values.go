package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// keptCredentials creates credentials that edit prepared, one for each value,
// and complains unless the store keeps each as it was, then and after an Update
// that puts the value there.
func keptCredentials[T any](
	ctx context.Context, s credentials, edit func(c *core.Credential, value T), values ...T,
) error {
	var errs []error
	for i, value := range values {
		created, updated := credential(s, AnnID, fmt.Sprintf("created %d", i)),
			credential(s, AnnID, fmt.Sprintf("updated %d", i))
		edit(created, value)
		if err := errors.Join(s.Store.Create(ctx, created, 0), s.Store.Create(ctx, updated, 0)); err != nil {
			errs = append(errs, is("Create", err, nil))
			continue
		}
		errs = append(errs, holdsCredential(ctx, s, "created", created))
		got, err := s.Store.Update(ctx, "passkey", AnnID, updated.ID,
			func(c *core.Credential) error { edit(c, value); return nil })
		if err != nil {
			errs = append(errs, is("Update", err, nil))
			continue
		}
		edit(updated, value)
		errs = append(errs, sameCredential("what Update gave", got, updated), holdsCredential(ctx, s, "updated", updated))
	}
	return errors.Join(errs...)
}

var credentialValueCases = []credentialCase{
	{Rule: "Label is kept as it is, 200 bytes of it, whatever its script", Check: func(ctx context.Context, s credentials) error {
		return keptCredentials(ctx, s, func(c *core.Credential, text string) { c.Label = text },
			"", " ", "trailing space ", "line\r\nbreak\ttab", "naïve", "nai\u0308ve", "日本語", "👩‍👩‍👧", "שלום", `'";--\%_?$1:name{users}`, "null", "\ufeffmark",
			strings.Repeat("é", 100), strings.Repeat("x", 200))
	}},
	{Rule: "Data is kept byte for byte, 8 KiB of it", Check: func(ctx context.Context, s credentials) error {
		return keptCredentials(ctx, s, func(c *core.Credential, data []byte) { c.Data = data },
			nil, []byte{}, []byte{0}, []byte("{\"a\": 1}\n"), []byte("trailing space "), []byte{0xff, 0, 0xfe},
			bytes.Repeat([]byte{0, 1, 0xff, '\''}, 2<<10))
	}},
	{Rule: "Used is kept in whole microseconds and given in UTC; none stays none", Check: func(ctx context.Context, s credentials) error {
		return keptCredentials(ctx, s, func(c *core.Credential, at time.Time) { c.Used = at },
			time.Time{}, time.Unix(0, 0).UTC(), time.Unix(0, 1000).UTC(), time.Unix(-1, 0).UTC(),
			time.Date(2024, 10, 27, 0, 30, 0, 999999000, time.UTC), // an hour that Europe's summer time has twice
			time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC))
	}},
	{Rule: "Expires is kept in whole microseconds and given in UTC; none stays none", Check: func(ctx context.Context, s credentials) error {
		return keptCredentials(ctx, s, func(c *core.Credential, at time.Time) { c.Expires = at },
			time.Time{}, s.Now().Add(24*time.Hour+time.Microsecond),
			time.Date(2300, 1, 1, 0, 0, 0, 1000, time.UTC), // beyond 64 bits of nanoseconds
			time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC))
	}},
	{Rule: "An Expires of 1970 is long ago, not none", Check: func(ctx context.Context, s credentials) error {
		c := credential(s, AnnID, "one")
		c.Expires = time.Unix(0, 0)
		return errors.Join(is("Create", s.Store.Create(ctx, c, 0), nil), unknown(ctx, s, "one"),
			owns(ctx, s, "afterwards", "", AnnID))
	}},
	{Rule: "Created is kept in whole microseconds and given in UTC", Check: func(ctx context.Context, s credentials) error {
		var errs []error
		for i, at := range []time.Time{
			{}, time.Unix(0, 0).UTC(), time.Date(1901, 12, 13, 0, 0, 0, 1000, time.UTC), s.Now().Add(time.Microsecond),
			time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		} {
			c := credential(s, AnnID, fmt.Sprintf("key %d", i))
			c.Created = at
			errs = append(errs, is("Create", s.Store.Create(ctx, c, 0), nil), holdsCredential(ctx, s, "created", c))
		}
		return errors.Join(errs...)
	}},
	{Rule: "A time of another zone is the same instant, and what is below a microsecond is cut off", Check: func(ctx context.Context, s credentials) error {
		c := credential(s, AnnID, "odd")
		want := *c
		odd := func(at time.Time) time.Time { return at.Add(999).In(time.FixedZone("", -5*60*60)) }
		c.Created, c.Used, c.Expires = odd(c.Created), odd(c.Used), odd(c.Expires)
		if err := s.Store.Create(ctx, c, 0); err != nil {
			return is("Create", err, nil)
		}
		want.ID = c.ID
		err := holdsCredential(ctx, s, "created", &want)
		got, err2 := s.Store.Update(ctx, "passkey", AnnID, c.ID,
			func(c *core.Credential) error { c.Used, c.Expires = odd(c.Used), odd(c.Expires); return nil })
		return errors.Join(err, is("Update", err2, nil), sameCredential("what Update gave", got, &want),
			holdsCredential(ctx, s, "updated", &want))
	}},
	{Rule: "Every returned credential is the caller's own copy", Check: func(ctx context.Context, s credentials) error {
		given := credential(s, AnnID, "one")
		if err := s.Store.Create(ctx, given, 0); err != nil {
			return is("Create", err, nil)
		}
		want := *credential(s, AnnID, "one")
		want.ID = given.ID
		spoil := func(c *core.Credential) {
			if len(c.Data) > 0 {
				c.Data[0] = 'X'
			}
			*c = core.Credential{}
		}
		spoil(given)
		var inside []byte
		updated, err1 := s.Store.Update(ctx, "passkey", AnnID, want.ID,
			func(c *core.Credential) error { inside = c.Data; return nil })
		found, err2 := s.Store.Find(ctx, "passkey", "one")
		page, err3 := s.Store.List(ctx, "", AnnID)
		if err := errors.Join(err1, err2, err3); err != nil {
			return is("Update, Find and List", err, nil)
		}
		if len(inside) > 0 {
			inside[0] = 'Y'
		}
		for _, c := range append(page, updated, found) {
			spoil(c)
		}
		return errors.Join(holdsCredential(ctx, s, "after copies were changed", &want),
			owns(ctx, s, "after copies were changed", "", AnnID, &want))
	}},
}

// outOfBounds are edits that break a limit of core.Credential; only the first
// few, of what Update may change, can be made by an Update.
func outOfBounds() (updates, creates []func(*core.Credential)) {
	updates = []func(*core.Credential){
		func(c *core.Credential) { c.Label = strings.Repeat("x", 201) },
		func(c *core.Credential) { c.Label = "nul\x00nul" },
		func(c *core.Credential) { c.Label = "broken\xffutf8" },
		func(c *core.Credential) { c.Data = make([]byte, 8<<10+1) },
		func(c *core.Credential) { c.Data = make([]byte, 10<<20) },
		func(c *core.Credential) { c.Used = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		// Beyond 64 bits of microseconds.
		func(c *core.Credential) { c.Expires = time.Date(292277, 1, 1, 0, 0, 0, 0, time.UTC) },
	}
	creates = append(creates, updates...)
	for _, text := range []string{"", "nul\x00", "é", "\xff", "tab\t", strings.Repeat("k", 256)} {
		creates = append(creates, func(c *core.Credential) { c.Key = text }, func(c *core.Credential) { c.Kind = text })
	}
	return updates, append(creates, func(c *core.Credential) { c.Kind = strings.Repeat("k", 65) },
		func(c *core.Credential) { c.Owner = "" },
		func(c *core.Credential) { c.Created = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) })
}

var credentialLimitCases = []credentialCase{
	{Rule: "P08 what breaks a limit of Credential is refused, and changes nothing", Check: func(ctx context.Context, s credentials) error {
		all, err := addCredentials(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		updates, creates := outOfBounds()
		var errs []error
		for i, edit := range updates {
			_, err := s.Store.Update(ctx, "passkey", AnnID, all[0].ID,
				func(c *core.Credential) error { c.Label = "changed"; edit(c); return nil })
			errs = append(errs, outage(fmt.Sprintf("Update %d", i), err))
		}
		for i, edit := range creates {
			c := credential(s, AnnID, fmt.Sprintf("key %d", i))
			edit(c)
			errs = append(errs, outage(fmt.Sprintf("Create %d", i), s.Store.Create(ctx, c, 0)))
		}
		return errors.Join(append(errs, owns(ctx, s, "afterwards", "", AnnID, all...))...)
	}},
}
