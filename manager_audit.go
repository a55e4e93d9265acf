package latchkey

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
)

// Audit returns a page of the audit records that q describes, and the cursor of
// the following page, "" on the last. It needs audit.Flow with a Store in
// Options.Flows. A cursor of another query is core.ErrInvalid.
func (m *Manager[U]) Audit(ctx context.Context, q core.AuditQuery) (records []core.Record, next string, err error) {
	f, err := flowOf[audit.Flow](m.auth.opts.Flows)
	if err == nil && f.Store == nil {
		err = errors.New("latchkey: the flow audit has no Store, whose records could be listed")
	}
	if err != nil {
		return nil, "", err
	}
	return f.Store.List(ctx, q)
}
