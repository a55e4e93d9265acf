package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// forgettable are records about AnnID, and whether Forget blanks them.
func forgettable() (all []core.Record, forgets []bool) {
	for _, one := range []struct {
		by      core.Principal
		subject string
		blanked bool
	}{
		{core.Principal{Kind: "user", UserID: AnnID, SessionID: "a session"}, AnnID, true},
		{core.Principal{Kind: "nobody"}, AnnID, true},
		{core.Principal{Kind: "user", UserID: BobID}, AnnID, false},               // an administrator
		{core.Principal{Kind: "user", UserID: AnnID, Actor: BobID}, AnnID, false}, // one who acts as Ann
		{core.Principal{Kind: "user", UserID: AnnID}, BobID, false},
		{core.Principal{Kind: "user", UserID: BobID}, BobID, false},
		{core.Principal{Kind: "nobody"}, "", false},
	} {
		r := record(noon.Add(time.Duration(len(all)) * time.Second))
		r.By, r.Subject = one.by, one.subject
		all, forgets = append(all, r), append(forgets, one.blanked)
	}
	return all, forgets
}

var auditForgetCases = []auditCase{
	{Rule: "Forget blanks the client of what a user and nobody did to the user's account, and nothing else", Check: func(ctx context.Context, s core.AuditStore) error {
		all, forgets := forgettable()
		err := errors.Join(appendAll(ctx, s, all...), is("Forget", s.Forget(ctx, AnnID), nil))
		for i := range all {
			if forgets[i] {
				all[i].Client = core.Client{}
			}
		}
		return errors.Join(err, is("Forget again", s.Forget(ctx, AnnID), nil),
			recorded(ctx, s, "afterwards", core.AuditQuery{Oldest: true}, all...))
	}},
	{Rule: "Forget of a user without records, of no user and of an ID that no user has changes nothing", Check: func(ctx context.Context, s core.AuditStore) error {
		r, nobody := record(noon), record(noon.Add(time.Second))
		r.By = core.Principal{Kind: "user", UserID: AnnID}
		nobody.By, nobody.Subject = core.Principal{Kind: "nobody"}, ""
		err := appendAll(ctx, s, r, nobody)
		for _, id := range []string{BobID, "", "no ID", "a\x00b", "\xff"} {
			err = errors.Join(err, is("Forget of "+show(id), s.Forget(ctx, id), nil))
		}
		return errors.Join(err, recorded(ctx, s, "afterwards", core.AuditQuery{Oldest: true}, r, nobody))
	}},
}

var auditForgetJointCases = []Case[Database]{
	{Rule: "E01 the deletion of a user and a Forget of theirs are in one transaction, or neither is", Check: auditJoint(func(ctx context.Context, s Database) error {
		users, err := add(ctx, s.Users, "ann@example.com")
		if err != nil {
			return err
		}
		r := record(noon)
		r.Subject, r.By = users[0].ID, core.Principal{Kind: "user", UserID: users[0].ID}
		blank := r
		blank.Client = core.Client{}
		if err := appendAll(ctx, s.Audit, r); err != nil {
			return err
		}
		leave := func(outcome error) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				err := errors.Join(is("Delete", s.Users.Delete(ctx, r.Subject), nil),
					is("Forget", s.Audit.Forget(ctx, r.Subject), nil),
					recorded(ctx, s.Audit, "inside", core.AuditQuery{}, blank))
				return errors.Join(err, outcome)
			})
		}
		return errors.Join(
			is("Transact", leave(errRollback), errRollback), recorded(ctx, s.Audit, "after the rollback", core.AuditQuery{}, r),
			is("Transact", leave(nil), nil), recorded(ctx, s.Audit, "afterwards", core.AuditQuery{}, blank),
		)
	})},
}
