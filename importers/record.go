package importers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// linksOf reads the accounts of users.
func (r *reader) linksOf(ctx context.Context, ids []any) (err error) {
	c := r.accountColumns
	names := append([]string{c.Provider, c.Subject, c.Email}, r.spec.accountFlags...)
	if r.o.Tokens {
		names = append(names, c.Access, c.Refresh, c.Expires)
	}
	r.links, err = r.related(ctx, r.accounts, c.User, ids, names...)
	// The table may be that of the users, not all of whom have an account.
	empty := func(a row) bool { return text(a.get(c.Provider)) == "" && text(a.get(c.Subject)) == "" }
	for id, rows := range r.links {
		r.links[id] = slices.DeleteFunc(rows, empty)
	}
	return err
}

// related returns the rows of a table that belong to users, by their IDs, with
// those of the named columns that the table has.
func (r *reader) related(
	ctx context.Context, t *table, user string, ids []any, names ...string,
) (map[string][]row, error) {
	column, ok := t.column(user)
	if !ok {
		return nil, fmt.Errorf("the table %s has no column %q", t.name, user)
	}
	columns := []string{column}
	for _, name := range names {
		if c, ok := t.column(name); ok && !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
	}
	places := make([]string, len(ids))
	for i := range ids {
		places[i] = r.d.placeholder(i + 1)
	}
	key := "t." + r.d.quote(column)
	rest := fmt.Sprintf("WHERE %s IN (%s) ORDER BY %s", key, strings.Join(places, ", "), key)
	rows, err := t.read(ctx, r.db, columns, nil, rest, ids...)
	if err != nil {
		return nil, err
	}
	of := map[string][]row{}
	for _, one := range rows {
		id := text(one.values[column])
		of[id] = append(of[id], one)
	}
	return of, nil
}

// record makes a record of a user's row.
func (r *reader) record(one row) Record {
	var errs []error
	is := func(name string) bool {
		b, err := truth(one.get(name))
		if err != nil {
			errs = append(errs, fmt.Errorf("its %s %w", name, err))
		}
		return b
	}
	date := func(name string) time.Time {
		t, err := moment(one.get(name))
		if err != nil {
			errs = append(errs, fmt.Errorf("its %s %w", name, err))
		}
		return t
	}
	c, key := r.columns, text(one.values[r.key])
	_, hasActive := r.users.column(c.Active)
	rec := Record{
		Key: key, ID: key, Email: text(one.get(c.Email)), Hash: core.PasswordHash(text(one.get(c.Hash))),
		Verified: is(c.Verified), Active: !hasActive || is(c.Active), Superuser: is(c.Superuser),
		Created: date(c.Created), SuspendedUntil: date(c.SuspendedUntil), SuspendedFor: text(one.get(c.SuspendedFor)),
		Own: r.ownOf(one),
	}
	for _, account := range r.links[key] {
		link, err := r.link(account)
		rec.Links, errs = append(rec.Links, link), append(errs, err)
	}
	if r.spec.fix != nil {
		errs = append(errs, r.spec.fix(r, one, &rec))
	}
	switch {
	case rec.Skip != "":
	case is(c.Deleted):
		rec.Skip = "deleted"
	case strings.TrimSpace(rec.Email) == "":
		rec.Skip = "without an e-mail address"
	}
	if err := errors.Join(errs...); err != nil && rec.Skip == "" {
		rec.Fault = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return rec
}

func (r *reader) ownOf(one row) core.Object {
	own := core.Object{}
	for column := range r.own {
		raw := jsonOf(one.values[column])
		if s, ok := one.values[column].(string); ok && r.d.asText {
			raw = []byte(s)
		}
		if raw != nil {
			own[column] = raw
		}
	}
	return own
}

func (r *reader) link(account row) (Link, error) {
	c := r.accountColumns
	get := func(name string) string { return text(account.get(name)) }
	link := Link{Provider: get(c.Provider), Subject: get(c.Subject), Email: get(c.Email)}
	if !r.o.Tokens {
		return link, nil
	}
	expires, err := moment(account.get(c.Expires))
	if err != nil {
		err = fmt.Errorf("the end of its token at %s %w", link.Provider, err)
	}
	link.Tokens = core.OAuthTokens{Access: get(c.Access), Refresh: get(c.Refresh), Expires: expires}
	return link, err
}
