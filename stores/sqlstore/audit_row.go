package sqlstore

import (
	"encoding/json"
	"errors"
	"net/netip"

	"github.com/latchkey-go/latchkey/core"
)

const (
	auditColumns = "id, at, action, code, by_kind, by_user, by_session, by_actor, subject, target, route, backend, method, " +
		"ip, label, fields, reason"
	auditColumnCount = 17
)

// auditTable is not found by a user's deletion: their ID is the subject. The
// IDs are in the order of time, so that an index of them is one of time.
func auditTable() table {
	return table{token: "audit", columns: []column{
		{"id", "{key} NOT NULL PRIMARY KEY"}, {"at", "BIGINT NOT NULL"}, {"action", "{key} NOT NULL"}, {"code", "{text} NOT NULL"},
		{"by_kind", "{text} NOT NULL"}, {"by_user", "{key} NOT NULL"}, {"by_session", "{text} NOT NULL"}, {"by_actor", "{key} NOT NULL"},
		{"subject", "{key} NOT NULL"}, {"target", "{text} NOT NULL"}, {"route", "{text} NOT NULL"}, {"backend", "{text} NOT NULL"},
		{"method", "{text} NOT NULL"}, {"ip", "{text} NOT NULL"}, {"label", "{text} NOT NULL"}, {"fields", "{text} NOT NULL"},
		{"reason", "{text} NOT NULL"},
	}, indexes: []index{
		{name: "subject", columns: "subject, id"}, {name: "action", columns: "action, id"}, {name: "by_user", columns: "by_user, id"},
		{name: "by_actor", columns: "by_actor, id", where: "by_actor <> ''", whole: "by_actor, id"},
	}}
}

// auditValues are the arguments for auditColumns.
func auditValues(r core.Record) ([]any, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	fields, ip := "", ""
	if len(r.Fields) > 0 {
		b, err := json.Marshal(r.Fields)
		if err != nil {
			return nil, err
		}
		fields = string(b)
	}
	if r.Client.IP.IsValid() {
		ip = r.Client.IP.String()
	}
	return []any{
		r.ID, micros(r.At), string(r.Action), r.Code, r.By.Kind, r.By.UserID, r.By.SessionID, r.By.Actor, r.Subject, r.Target,
		r.Route, r.Backend, r.Method, ip, r.Client.Label, fields, r.Reason,
	}, nil
}

// scanRecord reads a record from auditColumns.
func scanRecord(scan func(dest ...any) error) (r core.Record, err error) {
	var at int64
	var ip, fields string
	err = scan(&r.ID, &at, &r.Action, &r.Code, &r.By.Kind, &r.By.UserID, &r.By.SessionID, &r.By.Actor, &r.Subject,
		&r.Target, &r.Route, &r.Backend, &r.Method, &ip, &r.Client.Label, &fields, &r.Reason)
	if err != nil {
		return r, err
	}
	r.At = fromMicros(at)
	if ip != "" {
		if r.Client.IP, err = netip.ParseAddr(ip); err != nil {
			return r, errRecord
		}
	}
	if fields != "" && json.Unmarshal([]byte(fields), &r.Fields) != nil {
		return r, errRecord
	}
	return r, nil
}

// errRecord is an error over a row that no release wrote like that.
var errRecord = errors.New("an audit record cannot be read")
