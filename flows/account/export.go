package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// exportMe is POST /me/export.
func (f Users) exportMe(svc *core.Services, guards []core.Guard) core.Route {
	return core.Route{
		Name: "users:export_current_user", Method: http.MethodPost, Pattern: "/me/export",
		Guards: append(slices.Clone(guards), svc.Security.Secure()),
		Doc: core.Doc{
			Summary: "A copy of what is kept of the current user", Status: http.StatusOK,
			Answer: reflect.Zero(exportForm(svc, f.Exporters())).Interface(),
			Codes:  []string{core.CodeProofRequired, core.CodeRateLimited},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			u := core.CurrentFrom(ctx).User
			key := core.LimitKey("exports", u.Base().ID)
			if err := core.CheckLimit(ctx, svc.Limiter, key, f.ExportLimit); err != nil {
				return nil, err
			}
			all, err := Export(ctx, svc, f.Exporters(), u, r)
			if err == nil {
				return core.Bytes(http.StatusOK, "application/json", all), nil
			}
			if refusal := (*core.Error)(nil); ctx.Err() == nil && (!errors.As(err, &refusal) || refusal.Status >= 500) {
				err = errors.Join(err, svc.Limiter.Refund(ctx, key)) // an outage uses nothing up
			}
			if errors.Is(err, core.ErrNotFound) { // deleted since the guard looked
				return nil, core.Unauthorized()
			}
			return nil, err
		},
	}
}

// Export returns a copy of what is kept of a user, as a JSON object with a
// member of each exporter. They are read one after the other, and then the
// login of ctx is checked again, as EventExported is raised. core.ErrNotFound
// if the user is gone. r is nil outside HTTP.
func Export(
	ctx context.Context, svc *core.Services, exporters []core.Exporter, u core.AnyUser, r *core.Request,
) (json.RawMessage, error) {
	all := reflect.New(exportForm(svc, exporters)).Elem()
	all.Field(0).Set(reflect.ValueOf(svc.Env.Now().UTC().Truncate(time.Microsecond)))
	for i, exporter := range exporters {
		name, _ := exporter.Exports(svc)
		part, err := exporter.Export(ctx, svc, u)
		if err != nil {
			return nil, core.OrUnavailable(err)
		}
		value, field := reflect.ValueOf(part), all.Field(i+1)
		switch {
		case !value.IsValid():
		case !value.Type().AssignableTo(field.Type()):
			return nil, fmt.Errorf("the export of %q is a %T, and not a %v", name, part, field.Type())
		default:
			field.Set(value)
		}
	}
	answer, err := json.Marshal(all.Addr().Interface()) // with the methods of pointers
	if err != nil {
		return nil, err
	}
	e := &core.Event{Kind: core.EventExported, User: u, Request: r}
	err = svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		_, err := svc.Users.Lock(ctx, u.Base().ID)
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		return nil, err
	}
	return answer, core.OrUnavailable(err)
}

// madeAt is the member of an export that no exporter has.
const madeAt = "made_at"

// exportForm is the type of what Export encodes.
func exportForm(svc *core.Services, exporters []core.Exporter) reflect.Type {
	tag := func(name string) reflect.StructTag { return reflect.StructTag("json:" + strconv.Quote(name)) }
	fields := []reflect.StructField{{Name: "Made", Type: reflect.TypeFor[time.Time](), Tag: tag(madeAt)}}
	for i, exporter := range exporters {
		name, form := exporter.Exports(svc)
		t := reflect.TypeFor[any]()
		if form != nil {
			t = reflect.TypeOf(form)
		}
		fields = append(fields, reflect.StructField{Name: "Part" + strconv.Itoa(i), Type: t, Tag: tag(name)})
	}
	return reflect.StructOf(fields)
}

var memberOfExport = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// CheckExporters returns an error for names that are none, or are given twice.
func CheckExporters(svc *core.Services, exporters []core.Exporter) error {
	var errs []error
	seen := map[string]bool{madeAt: true}
	for _, exporter := range exporters {
		name, _ := exporter.Exports(svc)
		switch {
		case !memberOfExport.MatchString(name):
			errs = append(errs, fmt.Errorf("a flow exports %q: use lower-case letters, digits and '_', at most 32", name))
		case seen[name]:
			errs = append(errs, fmt.Errorf("two flows export %q, or it is the time of the export", name))
		}
		seen[name] = true
	}
	return errors.Join(errs...)
}

// Exports implements core.Exporter.
func (Users) Exports(svc *core.Services) (name string, form any) {
	return "user", reflect.Zero(newOverview(svc).form).Interface()
}

// Export returns the user, with the application's columns that clients see.
func (Users) Export(_ context.Context, svc *core.Services, u core.AnyUser) (any, error) {
	return reflect.ValueOf(newOverview(svc).of(u)).Elem().Interface(), nil
}

// Exports implements core.Exporter.
func (Sessions) Exports(*core.Services) (name string, form any) { return "sessions", []sessionRead{} }

// Export returns the user's living logins, 1,000 of a backend at the most.
func (Sessions) Export(ctx context.Context, svc *core.Services, u core.AnyUser) (any, error) {
	living, err := svc.Sessions.List(ctx, u.Base().ID)
	if err != nil {
		return nil, err
	}
	own := ""
	if s, ok := core.CurrentSession(ctx); ok {
		own = s.ID
	}
	living = slices.DeleteFunc(living, func(s *core.Session) bool { // ended, and not cleaned up yet
		return s.Epoch != u.Base().TokenEpoch && s.Epoch != core.AnyEpoch
	})
	out := make([]sessionRead, len(living)) // never null
	for i, s := range living {
		out[i] = ownSession(s, own)
	}
	return out, nil
}
