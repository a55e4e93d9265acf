package pages

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// AuditLog is the Data of the page admin_audit.
type AuditLog struct {
	// Filter is the form by which the list is narrowed, with GET.
	Filter  *Filter
	Records []AuditRecord
	// More is the URL of the next page, First that of the first one; ""
	// where there is none, or it is this one.
	More, First string
}

// AuditRecord is one of the records.
type AuditRecord struct {
	Activity
	// Kind is the action as the API has it, and Code that of a refusal.
	Kind, Code string
	// Fields are the names of what changed, with commas.
	Fields string
	// User is whom it is about, Actor who did it, an ID or a word; "" for
	// nobody. UserURL and ActorURL are the pages of those who are users,
	// OfUser that of the records about the user, ByActor that of those of
	// what the actor did.
	User, UserURL, OfUser, Actor, ActorURL, ByActor string
	Reason                                          string
}

// adminAudit lists audit records page by page. The API decides who may see it.
func (s *site) adminAudit(ctx context.Context, v *visit) (*core.Response, error) {
	f := v.filter("/admin/audit",
		Input{Name: "user", Type: "search", Label: v.texts.say("audit.user")},
		Input{Name: "by", Type: "search", Label: v.texts.say("audit.by_whom")},
		Input{Name: "action", Type: "search", Label: v.texts.say("audit.action")},
		Input{Name: "from", Type: "date", Label: v.texts.say("audit.from")},
		Input{Name: "to", Type: "date", Label: v.texts.say("audit.to")},
	)
	log, view := &AuditLog{Filter: f.Filter}, v.view(ctx, "admin_audit")
	view.Data = log
	answer, wrong, err := f.list(ctx, "audit:list")
	switch {
	case err != nil:
		return nil, err
	case wrong != nil:
		view.Status = wrong.Status
		return v.show(ctx, view)
	case refusal(answer) != nil:
		return v.refused(ctx, answer)
	}
	if err := v.readRecords(log, answer.Body); err != nil {
		return nil, err
	}
	log.First, log.More = f.pages(answer)
	return v.show(ctx, view)
}

func (v *visit) readRecords(log *AuditLog, body []byte) error {
	var all []struct {
		happened
		By struct {
			Kind   string
			UserID string `json:"user_id"`
			Actor  string `json:"actor_id"`
		}
		UserID string `json:"user_id"`
		Reason string
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return err
	}
	for _, h := range all {
		r := AuditRecord{
			Activity: v.activity(h.happened), Kind: h.Action, Code: h.Code, Fields: strings.Join(h.Fields, ", "), User: h.UserID,
			Reason: h.Reason,
		}
		if h.Label == "" {
			r.Device = ""
		}
		r.When = h.At.UTC().Format("2006-01-02 15:04:05")
		if h.UserID != "" {
			r.UserURL, r.OfUser = v.userAt(h.UserID, ""), v.at("/admin/audit", "user", h.UserID)
		}
		if actor := cmp.Or(h.By.Actor, h.By.UserID); actor != "" && actor != h.UserID {
			r.Actor, r.ActorURL, r.ByActor = actor, v.userAt(actor, ""), v.at("/admin/audit", "by", actor)
		} else if h.By.Kind == "nobody" {
			r.Actor = v.texts.say("audit.by_nobody")
		} else if h.By.Kind == "system" {
			r.Actor = v.texts.say("audit.by_system")
		}
		log.Records = append(log.Records, r)
	}
	return nil
}
