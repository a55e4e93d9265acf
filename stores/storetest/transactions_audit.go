package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// auditJoint is a case about users and audit records.
func auditJoint(check func(ctx context.Context, s Database) error) func(context.Context, Database) error {
	return func(ctx context.Context, s Database) error {
		if s.Audit == nil {
			return NotDeclaredError("core.AuditStore over the same database")
		}
		return check(ctx, s)
	}
}

var auditJointCases = []Case[Database]{
	{Rule: "E01 a user and an audit record are made in one transaction, or neither is", Check: auditJoint(func(ctx context.Context, s Database) error {
		r := record(noon)
		register := func(outcome error) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				if _, err := add(ctx, s.Users, "ann@example.com"); err != nil {
					return err
				}
				if err := appendAll(ctx, s.Audit, r); err != nil {
					return err
				}
				return errors.Join(outcome, recorded(ctx, s.Audit, "inside", core.AuditQuery{}, r))
			})
		}
		return errors.Join(
			is("Transact", register(errRollback), errRollback), exists(ctx, s, "ann@example.com", core.ErrNotFound),
			recorded(ctx, s.Audit, "after the rollback", core.AuditQuery{}),
			is("Transact", register(nil), nil), exists(ctx, s, "ann@example.com", nil),
			recorded(ctx, s.Audit, "afterwards", core.AuditQuery{}, r),
		)
	})},
	{Rule: "A refusal of a record (ErrTaken, a broken limit) does not spoil the transaction", Check: auditJoint(func(ctx context.Context, s Database) error {
		r, two, broken := record(noon), record(noon.Add(time.Second)), record(noon)
		broken.Action = ""
		err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
			return errors.Join(appendAll(ctx, s.Audit, r), is("Append of the same", s.Audit.Append(ctx, r), core.ErrTaken),
				outage("Append without an Action", s.Audit.Append(ctx, broken)), appendAll(ctx, s.Audit, two))
		})
		return errors.Join(is("Transact", err, nil),
			recorded(ctx, s.Audit, "afterwards", core.AuditQuery{Oldest: true}, r, two))
	})},
}

// auditCascadeCases need no transaction.
var auditCascadeCases = []Case[Database]{
	{Rule: "The audit records of a user stay when they are deleted", Check: auditJoint(func(ctx context.Context, s Database) error {
		all, err := add(ctx, s.Users, "ann@example.com")
		if err != nil {
			return err
		}
		r := record(noon)
		r.Subject = all[0].ID
		return errors.Join(appendAll(ctx, s.Audit, r), is("Delete", s.Users.Delete(ctx, r.Subject), nil),
			recorded(ctx, s.Audit, "afterwards", core.AuditQuery{User: r.Subject}, r))
	})},
}
