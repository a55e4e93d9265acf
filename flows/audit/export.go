package audit

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// exported is how many records a copy of a user's data has at most.
const exported = 10_000

// auditExport is what a copy of a user's data has of the audit log.
type auditExport struct {
	// Records are the newest ones, as GET /audit/me has them.
	Records []ownAuditRecord `json:"records"`
	// More reports that there are older ones.
	More bool `json:"more" openapi:"description=There are older ones."`
}

// Exports implements core.Exporter.
func (Flow) Exports(*core.Services) (name string, form any) { return "audit", auditExport{} }

// Export returns the newest records about a user, 10,000 at the most: who did
// what, without the clients of others.
func (f Flow) Export(ctx context.Context, _ *core.Services, u core.AnyUser) (any, error) {
	out := auditExport{Records: []ownAuditRecord{}} // never null
	if f.Store == nil {
		return out, nil
	}
	q := core.AuditQuery{User: u.Base().ID, Limit: 100}
	for {
		page, next, err := f.Store.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			out.Records = append(out.Records, ownOf(r))
		}
		if out.More = next != "" && len(out.Records) >= exported; next == "" || out.More {
			return out, nil
		}
		q.Cursor = next
	}
}
