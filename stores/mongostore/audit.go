package mongostore

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Audit is a core.AuditStore. A record's ID is the document's _id.
type Audit struct{ c collection }

var _ core.AuditStore = (*Audit)(nil)

// recordRow is a record as it is stored. At is microseconds since 1970.
type recordRow struct {
	ID        string   `bson:"_id"`
	At        int64    `bson:"at"`
	Action    string   `bson:"action"`
	Code      string   `bson:"code"`
	ByKind    string   `bson:"by_kind"`
	ByUser    string   `bson:"by_user"`
	BySession string   `bson:"by_session"`
	ByActor   string   `bson:"by_actor"`
	Subject   string   `bson:"subject"`
	Target    string   `bson:"target"`
	Route     string   `bson:"route"`
	Backend   string   `bson:"backend"`
	Method    string   `bson:"method"`
	IP        string   `bson:"ip"`
	Label     string   `bson:"label"`
	Fields    []string `bson:"fields"`
	Reason    string   `bson:"reason"`
}

// Append stores a record; see core.AuditStore.
func (a *Audit) Append(ctx context.Context, r core.Record) error {
	if err := r.Check(); err != nil {
		return &failure{"append to the audit log", err}
	}
	row := recordRow{
		ID: r.ID, At: r.At.UnixMicro(), Action: string(r.Action), Code: r.Code, ByKind: r.By.Kind, ByUser: r.By.UserID,
		BySession: r.By.SessionID, ByActor: r.By.Actor, Subject: r.Subject, Target: r.Target, Route: r.Route,
		Backend: r.Backend, Method: r.Method, Label: r.Client.Label, Fields: r.Fields, Reason: r.Reason,
	}
	if r.Client.IP.IsValid() {
		row.IP = r.Client.IP.String()
	}
	// A refused insert would end a transaction.
	return a.c.claim(ctx, "append to the audit log", r.ID, row.fields())
}

// fields are the row's but for the _id, which claim adds.
func (r recordRow) fields() bson.D {
	return bson.D{
		{Key: "at", Value: r.At}, {Key: "action", Value: r.Action}, {Key: "code", Value: r.Code},
		{Key: "by_kind", Value: r.ByKind}, {Key: "by_user", Value: r.ByUser}, {Key: "by_session", Value: r.BySession},
		{Key: "by_actor", Value: r.ByActor}, {Key: "subject", Value: r.Subject}, {Key: "target", Value: r.Target},
		{Key: "route", Value: r.Route}, {Key: "backend", Value: r.Backend}, {Key: "method", Value: r.Method},
		{Key: "ip", Value: r.IP}, {Key: "label", Value: r.Label}, {Key: "fields", Value: r.Fields},
		{Key: "reason", Value: r.Reason},
	}
}

// List returns a page of records; see core.AuditStore.
func (a *Audit) List(ctx context.Context, q core.AuditQuery) (page []core.Record, next string, err error) {
	after, before, err := q.Between()
	if err != nil {
		return nil, "", err
	}
	if !isText(q.User) || !isText(q.By) || !isText(string(q.Action)) {
		return nil, "", nil
	}
	direction := -1
	if q.Oldest {
		direction = 1
	}
	limit := min(max(q.Limit, 1), pageMax)
	var rows []recordRow
	err = a.c.all(ctx, "list the audit log", auditFilter(&q, after, before), &rows,
		options.Find().SetSort(bson.D{{Key: "_id", Value: direction}}).SetLimit(int64(limit+1)))
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = q.Next(rows[limit-1].ID)
	}
	for _, row := range rows {
		r, err := row.record()
		if err != nil {
			return nil, "", err
		}
		page = append(page, r)
	}
	return page, next, nil
}

// auditFilter finds the records of a query. Each alternative has all of it, so
// that each is read along an index of its own, in the order of the result.
func auditFilter(q *core.AuditQuery, after, before string) bson.D {
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}, {Key: "$lt", Value: before}}}}
	if q.User != "" {
		filter = append(filter, bson.E{Key: "subject", Value: q.User})
	}
	if q.Action != "" {
		filter = append(filter, bson.E{Key: "action", Value: string(q.Action)})
	}
	if q.By == "" {
		return filter
	}
	own := append(slices.Clone(filter), bson.E{Key: "by_user", Value: q.By}, bson.E{Key: "by_actor", Value: ""})
	acted := append(slices.Clone(filter), bson.E{Key: "by_actor", Value: q.By})
	return bson.D{{Key: "$or", Value: bson.A{own, acted}}}
}

// record is a row in core's form.
func (r recordRow) record() (core.Record, error) {
	record := core.Record{
		ID: r.ID, At: time.UnixMicro(r.At).UTC(), Action: core.EventKind(r.Action), Code: r.Code,
		By:      core.Principal{Kind: r.ByKind, UserID: r.ByUser, SessionID: r.BySession, Actor: r.ByActor},
		Subject: r.Subject, Target: r.Target, Route: r.Route, Backend: r.Backend, Method: r.Method,
		Client: core.Client{Label: r.Label}, Fields: r.Fields, Reason: r.Reason,
	}
	if r.IP == "" {
		return record, nil
	}
	ip, err := netip.ParseAddr(r.IP)
	if err != nil {
		return core.Record{}, errors.New("mongostore: list the audit log: a record cannot be read")
	}
	record.Client.IP = ip
	return record, nil
}

// Prune deletes old records; see core.AuditStore.
func (a *Audit) Prune(ctx context.Context, before time.Time) (deleted int, err error) {
	_, bound, err := core.AuditQuery{To: before}.Between()
	if err != nil {
		return 0, err
	}
	return a.c.clear(patient(ctx), "prune the audit log",
		bson.D{{Key: "_id", Value: bson.D{{Key: "$lt", Value: bound}}}})
}
