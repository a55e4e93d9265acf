package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var auditListCases = []auditCase{
	{Rule: "List begins with the newest, or with the oldest", Check: func(ctx context.Context, s core.AuditStore) error {
		all, err := series(ctx, s, 4)
		if err != nil {
			return err
		}
		late := record(noon.Add(1500 * time.Millisecond)) // not in the order of time
		want := []core.Record{all[0], all[1], late, all[2], all[3]}
		return errors.Join(appendAll(ctx, s, late), recorded(ctx, s, "oldest", core.AuditQuery{Oldest: true}, want...),
			recorded(ctx, s, "newest", core.AuditQuery{}, reversed(want)...))
	}},
	{Rule: "List filters by the user, byte by byte, by the action, and by both", Check: func(ctx context.Context, s core.AuditStore) error {
		anns, bobs, refused := record(noon), record(noon.Add(time.Millisecond)), record(noon.Add(time.Second))
		nobodys := record(noon.Add(time.Minute))
		bobs.Subject = BobID
		refused.Action = core.EventLoginFailed
		nobodys.Subject, nobodys.Action = "", core.EventLoginFailed
		capital := record(noon.Add(time.Hour))
		capital.Subject = "Ann"
		err := appendAll(ctx, s, anns, bobs, refused, nobodys, capital)
		list := func(step string, q core.AuditQuery, want ...core.Record) {
			q.Oldest = true
			err = errors.Join(err, recorded(ctx, s, step, q, want...))
		}
		list("a user's", core.AuditQuery{User: AnnID}, anns, refused)
		list("another's", core.AuditQuery{User: BobID}, bobs)
		list("an action", core.AuditQuery{Action: core.EventLoginFailed}, refused, nobodys)
		list("both", core.AuditQuery{User: AnnID, Action: core.EventLoginFailed}, refused)
		list("both, of none", core.AuditQuery{User: BobID, Action: core.EventLoginFailed})
		list("a user in another case", core.AuditQuery{User: "ann"})
		list("a user in this case", core.AuditQuery{User: "Ann"}, capital)
		list("a NUL", core.AuditQuery{User: "a\x00b"})
		list("no UTF-8", core.AuditQuery{User: "\xff"})
		list("a part of an action", core.AuditQuery{Action: "login.%"})
		return err
	}},
	{Rule: "List finds by who acted, byte by byte: the administrator where one acted as somebody", Check: func(ctx context.Context, s core.AuditStore) error {
		at := noon
		one := func(by core.Principal, subject string, action core.EventKind) core.Record {
			r := record(at)
			r.By, r.Subject, r.Action = by, subject, action
			at = at.Add(time.Millisecond)
			return r
		}
		user := func(id, actor string) core.Principal { return core.Principal{Kind: "user", UserID: id, Actor: actor} }
		own := one(user(AnnID, ""), AnnID, core.EventUpdated)
		acted := one(user(AnnID, BobID), AnnID, core.EventUpdated)
		admin := one(user(BobID, ""), AnnID, core.EventSuspended)
		system := one(core.Principal{Kind: "system"}, AnnID, core.EventUpdated)
		nobody := one(core.Principal{Kind: "nobody"}, "", core.EventLoginFailed)
		capital := one(user("Ann", ""), AnnID, core.EventUpdated)
		last := one(user(BobID, ""), BobID, core.EventUpdated)
		all := []core.Record{own, acted, admin, system, nobody, capital, last}
		err := appendAll(ctx, s, all...)
		list := func(step string, q core.AuditQuery, want ...core.Record) {
			q.Oldest = true
			err = errors.Join(err, recorded(ctx, s, step, q, want...))
		}
		list("nobody's", core.AuditQuery{}, all...)
		list("a user's", core.AuditQuery{By: AnnID}, own)
		list("an administrator's", core.AuditQuery{By: BobID}, acted, admin, last)
		list("and about a user", core.AuditQuery{By: BobID, User: AnnID}, acted, admin)
		list("and an action", core.AuditQuery{By: BobID, Action: core.EventUpdated}, acted, last)
		list("and both", core.AuditQuery{By: BobID, User: AnnID, Action: core.EventUpdated}, acted)
		list("in this case", core.AuditQuery{By: "Ann"}, capital)
		list("in another case", core.AuditQuery{By: "ANN"})
		list("a NUL", core.AuditQuery{By: "a\x00b"})
		list("no UTF-8", core.AuditQuery{By: "\xff"})
		return err
	}},
	{Rule: "List's From is allowed itself, its To is not", Check: func(ctx context.Context, s core.AuditStore) error {
		all, err := series(ctx, s, 4)
		if err != nil {
			return err
		}
		from, to := all[1].At, all[3].At
		berlin, long := time.FixedZone("", 7200), time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)
		return errors.Join(
			recorded(ctx, s, "From", core.AuditQuery{From: from, Oldest: true}, all[1:]...),
			recorded(ctx, s, "To", core.AuditQuery{To: to, Oldest: true}, all[:3]...),
			recorded(ctx, s, "both", core.AuditQuery{From: from, To: to, Oldest: true}, all[1:3]...),
			recorded(ctx, s, "both, newest first", core.AuditQuery{From: from.In(berlin), To: to.In(berlin)},
				reversed(all[1:3])...),
			recorded(ctx, s, "with a user", core.AuditQuery{User: AnnID, From: from, To: to, Oldest: true}, all[1:3]...),
			recorded(ctx, s, "nothing between", core.AuditQuery{From: to, To: from}),
			recorded(ctx, s, "before 1970", core.AuditQuery{From: long, Oldest: true}, all...),
			recorded(ctx, s, "until 1970", core.AuditQuery{To: long}),
		)
	}},
	{Rule: "List brings its Limit between 1 and 100", Check: func(ctx context.Context, s core.AuditStore) error {
		if _, err := series(ctx, s, 102); err != nil {
			return err
		}
		var errs []error
		for limit, want := range map[int]int{-1: 1, 0: 1, 1: 1, 100: 100, 1 << 30: 100} {
			got, next, err := s.List(ctx, core.AuditQuery{Limit: limit})
			errs = append(errs, is("List", err, nil), that(len(got) == want && next != "",
				"a Limit of %d: %d records and the cursor %q, want %d and one", limit, len(got), next, want))
		}
		return errors.Join(errs...)
	}},
}

// auditPages reads every page of a query.
func auditPages(ctx context.Context, s core.AuditStore, q core.AuditQuery) (all []core.Record, err error) {
	for range 100 {
		page, next, err := s.List(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" {
			return all, nil
		}
		q.Cursor = next
	}
	return nil, errors.New("the pages do not end")
}

var auditCursorCases = []auditCase{
	{Rule: "From page to page each record comes once, in both orders and with every filter", Check: func(ctx context.Context, s core.AuditStore) error {
		var all []core.Record
		for i := range 7 { // three in each microsecond
			r := record(noon.Add(time.Duration(i/3) * time.Microsecond))
			if i%2 > 0 { // the others are by Bob as Ann
				r.By = core.Principal{Kind: "user", UserID: BobID}
			}
			all = append(all, r)
		}
		err := appendAll(ctx, s, all...)
		sortRecords(all)
		for _, q := range []core.AuditQuery{
			{}, {User: AnnID}, {Action: core.EventLoggedIn}, {User: AnnID, Action: core.EventLoggedIn},
			{From: noon, To: noon.Add(time.Minute)}, {By: BobID}, {By: BobID, User: AnnID, Action: core.EventLoggedIn},
		} {
			for _, q.Limit = range []int{1, 2, 3, 7, 8} {
				for _, q.Oldest = range []bool{true, false} {
					want := all
					if !q.Oldest {
						want = reversed(all)
					}
					got, failed := auditPages(ctx, s, q)
					step := fmt.Sprintf("pages of %d of %+v", q.Limit, q)
					err = errors.Join(err, is(step, failed, nil), sameRecords(step, got, want))
				}
			}
		}
		return err
	}},
	{Rule: "A cursor goes on where it was made, whatever came and went since", Check: func(ctx context.Context, s core.AuditStore) error {
		all, err := series(ctx, s, 4)
		if err != nil {
			return err
		}
		q := core.AuditQuery{Limit: 2}
		_, q.Cursor, err = s.List(ctx, q)
		newer := record(noon.Add(time.Hour))
		_, pruned := s.Prune(ctx, all[1].At)
		return errors.Join(is("List", err, nil), is("Prune", pruned, nil), appendAll(ctx, s, newer),
			recorded(ctx, s, "the page after", q, all[1]))
	}},
	{Rule: "A cursor of another query, and one that no List made, is ErrInvalid", Check: func(ctx context.Context, s core.AuditStore) error {
		if _, err := series(ctx, s, 3); err != nil {
			return err
		}
		q := core.AuditQuery{
			User: AnnID, Action: core.EventLoggedIn, From: noon.Add(-time.Hour), To: noon.Add(time.Hour), Limit: 1,
		}
		_, cursor, err := s.List(ctx, q)
		q.Cursor = cursor
		errs := []error{is("List", err, nil)}
		q.Limit = 2 // which is not part of it
		errs = append(errs, is("its own", third(s.List(ctx, q)), nil))
		for step, other := range map[string]func(*core.AuditQuery){
			"another user":   func(q *core.AuditQuery) { q.User = BobID },
			"every user":     func(q *core.AuditQuery) { q.User = "" },
			"who acted":      func(q *core.AuditQuery) { q.By = BobID },
			"another action": func(q *core.AuditQuery) { q.Action = core.EventLoggedOut },
			"another From":   func(q *core.AuditQuery) { q.From = noon },
			"no To":          func(q *core.AuditQuery) { q.To = time.Time{} },
			"the order":      func(q *core.AuditQuery) { q.Oldest = true },
			"shortened":      func(q *core.AuditQuery) { q.Cursor = cursor[:len(cursor)-2] },
			"a letter":       func(q *core.AuditQuery) { q.Cursor = "A" + strings.TrimPrefix(cursor, cursor[:1]) },
			"made up":        func(q *core.AuditQuery) { q.Cursor = "1" },
			"no base64url":   func(q *core.AuditQuery) { q.Cursor = "' OR 1=1" },
			"a line break":   func(q *core.AuditQuery) { q.Cursor = cursor + "\n" },
		} {
			wrong := q
			if other(&wrong); wrong == q { // the letter was an A
				continue
			}
			errs = append(errs, is(step, third(s.List(ctx, wrong)), core.ErrInvalid))
		}
		return errors.Join(errs...)
	}},
}

// third returns the error of a List.
func third[A, B any](_ A, _ B, err error) error { return err }

func sortRecords(all []core.Record) {
	slices.SortFunc(all, func(a, b core.Record) int { return strings.Compare(a.ID, b.ID) })
}
