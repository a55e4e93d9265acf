package audit

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// auditPrincipal is who acted, as superusers see it.
type auditPrincipal struct {
	Kind      string `json:"kind"`
	UserID    string `json:"user_id,omitempty"`
	SessionID string `json:"session_id,omitempty"`
	ActorID   string `json:"actor_id,omitempty"`
}

// auditRecord is a record as superusers see it.
type auditRecord struct {
	ID      string         `json:"id"`
	At      time.Time      `json:"at"`
	Action  string         `json:"action"`
	Code    string         `json:"code"`
	By      auditPrincipal `json:"by"`
	UserID  string         `json:"user_id"`
	Target  string         `json:"target"`
	Route   string         `json:"route"`
	Backend string         `json:"backend"`
	Method  string         `json:"method"`
	IP      string         `json:"ip"`
	Label   string         `json:"label"`
	Fields  []string       `json:"fields"`
	Reason  string         `json:"reason"`
}

func publicOf(r core.Record) any {
	return auditRecord{
		ID: r.ID, At: r.At, Action: string(r.Action), Code: r.Code,
		By:     auditPrincipal{r.By.Kind, r.By.UserID, r.By.SessionID, r.By.Actor},
		UserID: r.Subject, Target: r.Target, Route: r.Route, Backend: r.Backend, Method: r.Method, IP: address(r),
		Label: r.Client.Label, Fields: fieldsOf(r), Reason: r.Reason,
	}
}

// ownAuditRecord is a record as the user sees it whom it is about.
type ownAuditRecord struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Action string    `json:"action"`
	Code   string    `json:"code"`
	// SessionID is the one that acted, or that a login began: an ID of GET
	// /sessions while it lives.
	SessionID string   `json:"session_id"`
	Actor     string   `json:"actor" openapi:"enum=you|nobody|others,description=Others are administrators and the application."`
	Method    string   `json:"method"`
	IP        string   `json:"ip"`
	Label     string   `json:"label"`
	Fields    []string `json:"fields"`
}

// ownOf keeps from the user who else acted, and from where.
func ownOf(r core.Record) ownAuditRecord {
	e := ownAuditRecord{
		ID: r.ID, At: r.At, Action: string(r.Action), Code: r.Code, Actor: "others", Method: r.Method, Fields: fieldsOf(r),
	}
	switch {
	case r.By.Kind == "nobody":
		e.Actor = "nobody"
	case r.By.Kind == "user" && r.By.UserID == r.Subject && r.By.Actor == "":
		e.Actor = "you"
	default:
		return e
	}
	e.SessionID, e.IP, e.Label = r.By.SessionID, address(r), r.Client.Label
	return e
}

func address(r core.Record) string {
	if !r.Client.IP.IsValid() {
		return ""
	}
	return r.Client.IP.String()
}

// fieldsOf is never null.
func fieldsOf(r core.Record) []string { return append([]string{}, r.Fields...) }

// page are the parameters of both lists.
type page struct {
	Cursor string `json:"cursor,omitempty" openapi:"description=That of the Link header of the page before."`
	Limit  int    `json:"limit,omitempty" openapi:"minimum=1,maximum=100,description=At most how many, 50 by default."`
}

// filters are those of superusers' list.
type filters struct {
	User   string    `json:"user,omitempty" openapi:"description=The ID of the user whom it is about."`
	By     string    `json:"by,omitempty" openapi:"description=The ID of the user who acted, which is the administrator where one acts as somebody."`
	Action string    `json:"action,omitempty" openapi:"description=What happened, such as login.refused."`
	From   time.Time `json:"from,omitzero" openapi:"description=The earliest time."`
	To     time.Time `json:"to,omitzero" openapi:"description=The time before which it happened."`
	page
}

func (f Flow) all(svc *core.Services) core.Route {
	return core.Route{
		Name: "audit:list", Method: http.MethodGet, Pattern: "/audit",
		Guards: append(slices.Clone(svc.Env.AccountGuards), core.Superuser, core.InPerson),
		Doc: core.Doc{
			Summary: "Audit records, the newest first", Status: http.StatusOK, Query: filters{}, Headers: []string{"Link"},
			Answer: []auditRecord{},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			q := core.AuditQuery{Action: core.EventKind(r.Query.Get("action"))}
			for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
				if !r.Query.Has(name) {
					continue
				}
				t, err := time.Parse(time.RFC3339, r.Query.Get(name))
				if err != nil {
					return nil, badQuery(name, "Input should be a time like 2026-05-04T12:30:00Z")
				}
				*at = t
			}
			for name, id := range map[string]*string{"user": &q.User, "by": &q.By} {
				var err error
				if *id, err = spelled(ctx, svc, r.Query.Get(name)); err != nil {
					return nil, err
				}
			}
			return f.list(ctx, r, q, publicOf)
		},
	}
}

// spelled returns a user's ID as records have it, which outlive the user.
func spelled(ctx context.Context, svc *core.Services, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	u, err := svc.Users.Find(ctx, core.ByID(id))
	switch {
	case errors.Is(err, core.ErrNotFound):
		return id, nil
	case err != nil:
		return "", core.Unavailable(err)
	}
	return u.Base().ID, nil
}

func (f Flow) own(svc *core.Services) core.Route {
	return core.Route{
		Name: "audit:own", Method: http.MethodGet, Pattern: "/audit/me", Guards: svc.Env.AccountGuards,
		Doc: core.Doc{
			Summary: "What happened to the current user's account, the newest first", Status: http.StatusOK, Query: page{},
			Headers: []string{"Link"}, Answer: []ownAuditRecord{},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			q := core.AuditQuery{User: core.CurrentFrom(ctx).User.Base().ID}
			return f.list(ctx, r, q, func(r core.Record) any { return ownOf(r) })
		},
	}
}

// list answers with a page of a query. The link to the next page has the
// request's own parameters.
func (f Flow) list(
	ctx context.Context, r *core.Request, q core.AuditQuery, public func(core.Record) any,
) (*core.Response, error) {
	q.Limit = 50
	if r.Query.Has("limit") {
		n, err := strconv.Atoi(r.Query.Get("limit"))
		if err != nil || n < 1 || n > 100 {
			return nil, badQuery("limit", "Input should be a whole number from 1 to 100")
		}
		q.Limit = n
	}
	q.Cursor = r.Query.Get("cursor")
	records, next, err := f.Store.List(ctx, q)
	if errors.Is(err, core.ErrInvalid) {
		return nil, badQuery("cursor", "Input should be the cursor of a page's Link header")
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	out := make([]any, len(records)) // never null
	for i, record := range records {
		out[i] = public(record)
	}
	resp, err := core.JSON(http.StatusOK, out)
	if err != nil || next == "" {
		return resp, err
	}
	more := url.Values{"cursor": {next}, "limit": {strconv.Itoa(q.Limit)}}
	for _, name := range []string{"user", "by", "action", "from", "to"} {
		if r.Query.Get(name) != "" {
			more.Set(name, r.Query.Get(name))
		}
	}
	resp.Header.Set("Link", "<?"+more.Encode()+`>; rel="next"`) // relative to the request, below any prefix
	return resp, nil
}

func badQuery(name, msg string) error {
	return core.Invalid(core.Problem{Loc: []any{"query", name}, Msg: msg, Type: "value_error"})
}
