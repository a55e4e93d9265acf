package memstore

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// Forget implements core.AuditStore.
func (s *Audit) Forget(ctx context.Context, userID string) error {
	if err := ctx.Err(); err != nil || userID == "" {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.records {
		if r := &s.records[i]; r.Forgets(userID) {
			r.Client = core.Client{}
		}
	}
	return nil
}
