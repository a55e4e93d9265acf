package bunstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/uptrace/bun"
)

// auditLog is an audit log as somebody else would write it: a flow over core
// and one store, whose rows are written in the transaction of what they are
// about.
type auditLog struct {
	store *bunstore.Store
	// fail is the error of the next witnesses, in turn.
	fail []error
}

var (
	_ core.Flow     = (*auditLog)(nil)
	_ core.Witness  = (*auditLog)(nil)
	_ core.Listener = (*auditLog)(nil)
)

// auditRow is a row. It has names and never values of what changed.
type auditRow struct {
	bun.BaseModel `bun:"table:audit"`
	At            time.Time `bun:"at,notnull" json:"at"`
	Action        string    `bun:"action,type:varchar(64),notnull" json:"action"`
	Code          string    `bun:"code,type:varchar(64),notnull" json:"-"`
	Actor         string    `bun:"actor,type:varchar(64),notnull" json:"-"`
	Subject       string    `bun:"subject,type:varchar(64),notnull" json:"-"`
	Fields        string    `bun:"fields,type:varchar(255),notnull" json:"fields"`
	IP            string    `bun:"ip,type:varchar(64),notnull" json:"ip"`
}

func (a *auditLog) migrate(ctx context.Context) error {
	_, err := a.store.DB(ctx).NewCreateTable().Model((*auditRow)(nil)).IfNotExists().Exec(ctx)
	return err
}

func (*auditLog) Name() string     { return "audit" }
func (*auditLog) PerBackend() bool { return false }

// Routes returns GET /audit/me, the records of the current user.
func (a *auditLog) Routes(svc *core.Services) ([]core.Route, error) {
	if !svc.Users.Atomic() {
		return nil, errors.New("flow audit needs a user store with transactions")
	}
	return []core.Route{{
		Name: "audit:me", Method: http.MethodGet, Pattern: "/audit/me",
		Doc: core.Doc{Summary: "What happened to the current user's account", Status: http.StatusOK, Answer: []auditRow{}},
		Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
			rows := []auditRow{} // never null
			me := core.CurrentFrom(ctx).Session.UserID
			err := a.store.DB(ctx).NewSelect().Model(&rows).Where("subject = ?", me).Order("at").Scan(ctx)
			if err != nil {
				return nil, core.Unavailable(err)
			}
			return core.JSON(http.StatusOK, rows)
		},
	}}, nil
}

// Witness writes the row of what is being changed.
func (a *auditLog) Witness(ctx context.Context, _ *core.Services, e core.Event) error {
	if len(a.fail) > 0 {
		err := a.fail[0]
		a.fail = a.fail[1:]
		if err != nil {
			return err
		}
	}
	return a.write(ctx, e)
}

// On writes the rows of what changed nothing. What limits refuse is left out,
// so that they bound the table.
func (a *auditLog) On(ctx context.Context, svc *core.Services, e core.Event) {
	switch e.Kind {
	case core.EventLoginFailed, core.EventLoggedOut, core.EventRefused:
	default:
		return
	}
	if e.Code != core.CodeRateLimited {
		svc.Jobs.Enqueue("audit", func(ctx context.Context) error { return a.write(ctx, e) })
	}
}

func (a *auditLog) write(ctx context.Context, e core.Event) error {
	row := auditRow{At: e.At, Action: string(e.Kind), Code: e.Code, Actor: fmt.Sprint(e.Actor.Kind, ":", e.Actor.UserID),
		Fields: strings.Join(e.Fields, " ")}
	if e.User != nil {
		row.Subject = e.User.Base().ID
	}
	if e.Client.IP.IsValid() {
		row.IP = e.Client.IP.String()
	}
	_, err := a.store.DB(ctx).NewInsert().Model(&row).Exec(ctx)
	return err
}
