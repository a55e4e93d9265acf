package audit

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// What of a text is kept, in bytes; see core.Record.
const (
	textMax   = 255
	labelMax  = 200
	reasonMax = 1000
	fieldsMax = 8 << 10
)

// recordOf is the record of an event. Nothing of its Input, its request's body
// or its identity is in it.
func (f Flow) recordOf(ctx context.Context, svc *core.Services, e core.Event) (core.Record, error) {
	ids, at := f.ids, e.At.UTC().Truncate(time.Microsecond)
	if ids == nil { // the flow was not bound
		ids = &core.RecordIDs{}
	}
	id, err := ids.Next(at, svc.Env.Random)
	if err != nil {
		return core.Record{}, err
	}
	r := core.Record{
		ID: id, At: at, Action: e.Kind, Code: line(e.Code, textMax), By: e.Actor, Target: line(e.Target, textMax),
		Route: line(e.Route, textMax), Backend: e.Backend, Method: line(e.Method, textMax),
		Client: core.Client{IP: e.Client.IP, Label: line(e.Client.Label, labelMax)}, Reason: line(e.Reason, reasonMax),
	}
	r.By.UserID, r.By.SessionID = line(r.By.UserID, textMax), line(r.By.SessionID, textMax)
	r.By.Actor = line(r.By.Actor, textMax)
	if e.User != nil {
		r.Subject = line(e.User.Base().ID, textMax)
	}
	if s := e.Session; s != nil && r.Target == "" {
		r.Target = line(s.ID, textMax)
	}
	if r.Backend == "" {
		r.Backend = backendOf(ctx, e)
	}
	left := fieldsMax
	for _, name := range e.Fields {
		name = line(name, textMax)
		if left -= len(name); left < 0 {
			break
		}
		r.Fields = append(r.Fields, name)
	}
	return r, nil
}

// backendOf is that of the login that ended or acted.
func backendOf(ctx context.Context, e core.Event) string {
	if e.Session != nil {
		return e.Session.Backend
	}
	if s, ok := core.CurrentSession(ctx); ok {
		return s.Backend
	}
	return ""
}

// line is text as one line of a log: what is not UTF-8 is replaced, control
// characters are escaped as in Go's literals, and what is longer is cut off.
func line(text string, max int) string {
	var b strings.Builder
	for _, c := range text {
		next := string(c)
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			next = strings.Trim(strconv.QuoteRune(c), "'")
		}
		if b.Len()+len(next) > max {
			break
		}
		b.WriteString(next)
	}
	return b.String()
}
