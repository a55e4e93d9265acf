package latchkey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Doctor looks the application's set-up over, and returns what its operator
// should know, the worst first; the guide "commands" lists the codes. It
// queries the stores and hashes one password, so it takes about as long as a
// login, and it changes nothing. A program may call it at its start, or let the
// command doctor do so. What stands before the application, such as proxies, it
// does not see.
func (a *Auth[U]) Doctor(ctx context.Context) []Finding {
	var all []Finding
	for _, look := range []func(context.Context) []Finding{
		a.examineMigrations, a.examineStore, a.examineClocks, a.examineOptions, a.examineClients, a.examineMail,
		a.examineLinks, a.examineHashing, a.examineParts,
	} {
		for _, f := range look(ctx) {
			if !slices.Contains(all, f) { // two backends over one store
				all = append(all, f)
			}
		}
	}
	order := []core.Severity{core.SeverityError, core.SeverityWarning, core.SeverityNote}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity))
	})
	return all
}

// Migrators returns the stores that have tables to migrate, as far as they are
// among the application's parts.
func (a *Auth[U]) Migrators() []core.Migrator {
	var found []core.Migrator
	for _, part := range a.parts() {
		if m, ok := core.As[core.Migrator](part); ok && !slices.Contains(found, m) {
			found = append(found, m)
		}
	}
	return found
}

// parts are all parts of the application, the user store first.
func (a *Auth[U]) parts() []any {
	o := a.opts
	all := []any{a.users, o.Tickets, o.Credentials, o.Limiter, o.Sender}
	for _, b := range o.Backends {
		all = append(all, b.Transport, b.Strategy)
	}
	for _, f := range o.Flows {
		all = append(all, f)
	}
	return all
}

// examineParts lets each part speak for itself.
func (a *Auth[U]) examineParts(ctx context.Context) (found []Finding) {
	for _, part := range a.parts() {
		if e, ok := core.As[core.Examiner](part); ok {
			found = append(found, e.Examine(ctx, a.svc)...)
		}
	}
	return found
}

func (a *Auth[U]) examineMigrations(ctx context.Context) (found []Finding) {
	for _, m := range a.Migrators() {
		plan, err := m.Plan(ctx)
		switch {
		case err != nil:
			found = append(found, unreachable(err))
		case len(plan) > 0:
			found = append(found, Finding{
				Code: "PENDING_MIGRATIONS", Severity: core.SeverityError,
				Text: fmt.Sprintf("The database lacks tables, columns or indexes: %d statements are pending.", len(plan)),
				Fix:  "Run the command migrate up, or call the store's Migrate at each start.",
			})
		}
	}
	return found
}

// examineStore asks the user store for an active superuser.
func (a *Auth[U]) examineStore(ctx context.Context) []Finding {
	found, _, err := a.svc.Users.List(ctx, core.Query{Superuser: new(true), Active: new(true), Limit: 1})
	switch {
	case err != nil && len(a.Migrators()) > 0 && len(a.examineMigrations(ctx)) > 0:
		return nil // which says it better
	case err != nil:
		return []Finding{unreachable(err)}
	case len(found) == 0:
		return []Finding{{
			Code: "NO_SUPERUSER", Severity: core.SeverityNote, Text: "There is no active superuser.",
			Fix: "Run the command users create --superuser --link ADDRESS, which prints a link to set the password.",
		}}
	}
	return nil
}

func unreachable(err error) Finding {
	return Finding{
		Code: "STORE_UNREACHABLE", Severity: core.SeverityError, Text: "A store cannot be reached: " + err.Error() + ".",
		Fix: "Check the database's address, its credentials and whether it runs.",
	}
}

const (
	clockDrift = 2 * time.Second // less is in the time that a query takes
	clockWrong = time.Minute
)

// examineClocks compares the clocks of stores' servers with Options.Now.
func (a *Auth[U]) examineClocks(ctx context.Context) (found []Finding) {
	for _, part := range a.parts() {
		c, ok := core.As[core.Clock](part)
		if !ok {
			continue
		}
		before := a.opts.Now()
		there, err := c.Time(ctx)
		if err != nil { // which examineStore reports
			continue
		}
		after := a.opts.Now()
		drift := there.Sub(before.Add(after.Sub(before) / 2)).Round(time.Second / 10)
		if drift.Abs()-after.Sub(before) < clockDrift {
			continue
		}
		f := Finding{
			Code: "CLOCK_DRIFT", Severity: core.SeverityWarning,
			Text: fmt.Sprintf("The database's clock is %v ahead of this machine's.", drift),
			Fix:  "Let both follow a time server (NTP): tokens and sessions expire by the clock.",
		}
		if drift < 0 {
			f.Text = fmt.Sprintf("The database's clock is %v behind this machine's.", -drift)
		}
		if drift.Abs() >= clockWrong {
			f.Severity = core.SeverityError
		}
		found = append(found, f)
		break // the others are on the same servers, or have the same fault
	}
	return found
}

// isPublic reports whether the base URL is one that others than this machine
// use.
func isPublic(base *url.URL) bool {
	if base == nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(base.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761, section 6.3
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
}

var errNoHash = errors.New("it returned none")
