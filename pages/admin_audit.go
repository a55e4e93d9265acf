package pages

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// AuditLog is the Data of the page admin_audit.
type AuditLog struct {
	// User and Action are what is looked for: an ID and a kind.
	User, Action string
	Records      []AuditRecord
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
	// OfUser that of the user's records.
	User, UserURL, OfUser, Actor, ActorURL string
	Reason                                 string
}

// adminAudit lists audit records page by page. The API decides who may see it.
func (s *site) adminAudit(ctx context.Context, v *visit) (*core.Response, error) {
	log, q := &AuditLog{}, url.Values{}
	for name, to := range map[string]*string{"user": &log.User, "action": &log.Action} {
		if *to = strings.TrimSpace(v.r.Query.Get(name)); *to != "" {
			q.Set(name, *to)
		}
	}
	for _, name := range []string{"cursor", "from", "to"} {
		if given := v.r.Query.Get(name); given != "" {
			q.Set(name, given)
		}
	}
	answer, err := v.ask(ctx, question{route: "audit:list", query: q})
	if err != nil {
		return nil, err
	}
	if refusal(answer) != nil {
		return v.refused(ctx, answer)
	}
	if err := v.readRecords(log, answer.Body); err != nil {
		return nil, err
	}
	if query, _, ok := strings.Cut(strings.TrimPrefix(answer.Header.Get("Link"), "<?"), ">"); ok {
		log.More = v.at("/admin/audit") + "?" + query
	}
	if v.r.Query.Get("cursor") != "" {
		q.Del("cursor")
		log.First = v.at("/admin/audit") + "?" + q.Encode()
	}
	view := v.view(ctx, "admin_audit")
	view.Data = log
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
			r.Actor, r.ActorURL = actor, v.userAt(actor, "")
		} else if h.By.Kind == "nobody" {
			r.Actor = v.texts.say("audit.by_nobody")
		} else if h.By.Kind == "system" {
			r.Actor = v.texts.say("audit.by_system")
		}
		log.Records = append(log.Records, r)
	}
	return nil
}
