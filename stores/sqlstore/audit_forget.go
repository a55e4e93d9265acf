package sqlstore

import "context"

// auditForget goes along the index of the subject.
const auditForget = "UPDATE {audit} SET ip = '', label = '' WHERE subject = ? AND by_actor = '' " +
	"AND (by_user = ? OR by_kind = 'nobody')"

// Forget blanks the client of a user's records; see core.AuditStore.
func (a *Audit) Forget(ctx context.Context, userID string) error {
	if userID == "" || !storable(userID) {
		return nil
	}
	_, err := a.s.exec(ctx, a.forget, userID, userID)
	return err
}
