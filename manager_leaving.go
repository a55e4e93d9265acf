package latchkey

import (
	"context"
	"encoding/json"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/flows/leaving"
)

// Export returns a copy of what is kept of a user, as POST /users/me/export
// answers, without Options.SelfExport too: a JSON object, with a member of each
// flow that is a core.Exporter. It is not limited. core.ErrNotFound means that
// there is no such user.
func (m *Manager[U]) Export(ctx context.Context, userID string) (json.RawMessage, error) {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return nil, err
	}
	return account.Export(withoutRoute(ctx), m.auth.svc, m.auth.exporters, u, nil)
}

// UndoLeaving keeps the account that a mailed token was made for, as POST
// /leaving/undo does. Refusal: LEAVING_BAD_TOKEN. (Reinstate keeps it without a
// token.)
func (m *Manager[U]) UndoLeaving(ctx context.Context, token string) (*U, error) {
	f, err := flowOf[leaving.Flow](m.auth.opts.Flows)
	if err != nil {
		return nil, err
	}
	u, err := f.Undo(ctx, m.auth.svc, token, nil)
	return m.typed(u), err
}
