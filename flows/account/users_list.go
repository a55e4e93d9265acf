package account

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// filters are the parameters that a page and the next one have in common, apart
// from email and limit.
var filters = []string{"active", "verified", "superuser", "suspended", "created_after", "created_before", "sort"}

// orders are the values of sort.
var orders = map[string]struct {
	by         core.UserSort
	descending bool
}{
	"created": {core.SortCreated, false}, "-created": {core.SortCreated, true},
	"email": {core.SortEmail, false}, "-email": {core.SortEmail, true},
}

// queried reads the parameters of a list. The error has every problem of them.
func queried(svc *core.Services, r *core.Request, limit int) (core.Query, error) {
	var problems []core.Problem
	q := core.Query{Cursor: r.Query.Get("cursor"), Limit: limit}
	read := func(name, msg string, take func(text string) (ok bool)) {
		if r.Query.Has(name) && !take(r.Query.Get(name)) {
			problems = append(problems, inQuery(name, msg))
		}
	}
	for name, to := range map[string]**bool{
		"active": &q.Active, "verified": &q.Verified, "superuser": &q.Superuser, "suspended": &q.Suspended,
	} {
		read(name, "Input should be true or false", func(text string) (ok bool) {
			*to = new(text == "true")
			return text == "true" || text == "false"
		})
	}
	for name, to := range map[string]*time.Time{"created_after": &q.CreatedFrom, "created_before": &q.CreatedBefore} {
		read(name, "Input should be a time like 2026-12-31T18:30:00Z", func(text string) (ok bool) {
			at, err := time.Parse(time.RFC3339, text)
			*to = at.UTC()
			return err == nil && to.Year() >= 1 && to.Year() <= 9999
		})
	}
	if q.Suspended != nil {
		q.Now = svc.Env.Now()
	}
	prefix := strings.TrimSpace(r.Query.Get("email"))
	if len(prefix) > 254 {
		problems = append(problems, inQuery("email", "Input should have at most 254 bytes"))
	}
	read("sort", "Input should be created, -created, email or -email, and with an email one of the latter",
		func(text string) (ok bool) {
			order, ok := orders[text]
			q.Sort, q.Descending = order.by, order.descending
			return ok && (prefix == "" || q.Sort == core.SortEmail)
		})
	if problems != nil {
		slices.SortFunc(problems, func(a, b core.Problem) int {
			return strings.Compare(fmt.Sprint(a.Loc), fmt.Sprint(b.Loc))
		})
		return q, core.Invalid(problems...)
	}
	q.Email = searched(svc, prefix)
	return q, nil
}
