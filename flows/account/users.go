package account

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// Users is the flow of the current user's account (/me) and of the
// administration of all (/{id} and the group's root).
type Users struct {
	// Limits bound what PATCH hashes and looks up.
	Limits ChangeLimits
	// Guesses limit wrong current passwords, on the counts of failed
	// logins.
	Guesses
	// SelfDelete adds DELETE /me, by which users delete their own account.
	SelfDelete bool
	// Leave begins a deletion that can be undone for a while, as
	// leaving.Flow.Begin does. nil: DELETE /me deletes at once.
	Leave func(context.Context, *core.Services, *core.Event) (until time.Time, do func(context.Context) error)
	// SelfExport adds POST /me/export, by which users get a copy of what is
	// kept of them, from Exporters. ExportLimit bounds how many one user
	// gets.
	SelfExport  bool
	Exporters   func() []core.Exporter
	ExportLimit core.Limit
	// ForceReset has a user set another password, as reset.Flow.Force does.
	// nil: POST /{id}/reset-password is not there.
	ForceReset func(context.Context, *core.Services, core.AnyUser, *core.Request) error
}

// Name is "users".
func (Users) Name() string { return "users" }

// PerBackend is false.
func (Users) PerBackend() bool { return false }

// Routes begin with /me, so that it wins over /{id} where the first match does.
func (f Users) Routes(svc *core.Services) ([]core.Route, error) {
	admin := append(slices.Clone(svc.Env.AccountGuards), core.Superuser, core.InPerson)
	last := &keeper{svc: svc}
	public := svc.Codec.Output(svc.Users.New())
	users := newOverview(svc)
	routes := append(f.me(svc, svc.Env.AccountGuards, last),
		core.Route{
			Name: "users:user", Method: http.MethodGet, Pattern: "/{id}", Guards: admin,
			Doc: core.Doc{Summary: "A user", Status: http.StatusOK, Answer: public},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				u, err := byID(ctx, svc, r)
				if err != nil {
					return nil, err
				}
				return core.JSON(http.StatusOK, svc.Codec.Output(u))
			},
		},
		core.Route{
			Name: "users:patch_user", Method: http.MethodPatch, Pattern: "/{id}", Guards: admin,
			Doc: core.Doc{
				Summary: "Change a user", Status: http.StatusOK, Answer: public,
				Body: userUpdate{}, Own: svc.Codec.Columns("update"),
				Codes: append(codesOfNames(svc, core.CodeUpdateNameExists),
					core.CodeUpdateEmailExists, core.CodeUpdateConflict, core.CodeUpdatePassword, core.CodeLastSuperuser,
					core.CodeAdminSelf, core.CodeProofRequired, core.CodeRateLimited),
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				return f.patch(ctx, svc, r, last.write)
			},
		},
		core.Route{
			Name: "users:delete_user", Method: http.MethodDelete, Pattern: "/{id}",
			Guards: append(slices.Clone(admin), svc.Security.Secure()),
			Doc: core.Doc{
				Summary: "Delete a user", Status: http.StatusNoContent,
				Codes: []string{core.CodeDeleteConflict, core.CodeAdminSelf, core.CodeProofRequired},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				u, err := other(ctx, svc, r)
				if err == nil {
					err = remove(ctx, svc, u, r, last.write)
				}
				return done(err)
			},
		},
		core.Route{
			Name: "users:list_users", Method: http.MethodGet, Pattern: "", Guards: admin,
			Doc: core.Doc{
				Summary: "Users, page by page", Status: http.StatusOK, Query: queryOf(svc), Headers: []string{"Link"},
				Answer: users.list(),
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return list(ctx, svc, r, users) },
		},
	)
	return slices.Concat(routes, suspensions(svc, admin, last), f.forcedReset(svc, admin), theirSessions(svc, admin)), nil
}

// page are the parameters of the list; see list.
type page struct {
	Email     string `json:"email,omitempty" openapi:"description=How the address begins."`
	Active    bool   `json:"active,omitempty" openapi:"description=Those who are active, or who are not."`
	Verified  bool   `json:"verified,omitempty" openapi:"description=Those whose address is verified, or is not."`
	Superuser bool   `json:"superuser,omitempty" openapi:"description=Those who are superusers, or are not."`
	Suspended bool   `json:"suspended,omitempty" openapi:"description=Those who are suspended now, or are not."`
	After     string `json:"created_after,omitempty" openapi:"format=date-time,description=Made then or later."`
	Before    string `json:"created_before,omitempty" openapi:"format=date-time,description=Made before that time."`
	Sort      string `json:"sort,omitempty" openapi:"enum=created|-created|email|-email,description=A minus reverses it."`
	Cursor    string `json:"cursor,omitempty" openapi:"description=That of the Link header of the page before."`
	Limit     int    `json:"limit,omitempty" openapi:"minimum=1,maximum=100,description=At most how many, 50 by default."`
}

// queryOf returns page, and of a type with names what finds one.
func queryOf(svc *core.Services) any {
	if core.NamedOf(svc.Users.New()) == nil {
		return page{}
	}
	return struct {
		page
		Username string `json:"username,omitempty" openapi:"description=The whole name of one user; nothing stands beside it."`
	}{}
}

// named answers a list of the users who have a name: one, or none.
func named(ctx context.Context, svc *core.Services, r *core.Request, as overview) (*core.Response, error) {
	if r.Query.Has("email") || r.Query.Has("cursor") {
		return nil, badQuery("username", "Input should stand alone")
	}
	if slices.ContainsFunc(filters, r.Query.Has) {
		return nil, badQuery("username", "Input should stand alone")
	}
	out := []any{} // never null
	key, err := svc.Identify(r.Query.Get("username"))
	if err == nil && key.Kind == "username" {
		switch u, err := svc.Users.Find(ctx, key); {
		case err == nil:
			out = append(out, as.of(u))
		case !errors.Is(err, core.ErrNotFound):
			return nil, core.Unavailable(err)
		}
	}
	return core.JSON(http.StatusOK, out)
}

func (f Users) patch(ctx context.Context, svc *core.Services, r *core.Request, write writer) (*core.Response, error) {
	u, err := byID(ctx, svc, r)
	if err != nil {
		return nil, err
	}
	c, _, err := changes(svc, r, true)
	if err != nil {
		return nil, err
	}
	if oneself(ctx, u) && c.IsSuperuser != nil && !*c.IsSuperuser {
		return nil, errSelf()
	}
	target := u
	c.permit = func(ctx context.Context) error { return f.permitAdmin(ctx, svc, target, c) }
	if current := core.CurrentFrom(ctx); current.Session.UserID == u.Base().ID {
		c.Keep = current.Session
	}
	if u, err = change(ctx, svc, u, c, write); err != nil {
		return nil, gone(err)
	}
	return core.JSON(http.StatusOK, svc.Codec.Output(u))
}

func list(ctx context.Context, svc *core.Services, r *core.Request, as overview) (*core.Response, error) {
	limit := 50
	if r.Query.Has("limit") {
		n, err := strconv.Atoi(r.Query.Get("limit"))
		if err != nil || n < 1 || n > 100 {
			return nil, badQuery("limit", "Input should be a whole number from 1 to 100")
		}
		limit = n
	}
	if r.Query.Get("username") != "" && core.NamedOf(svc.Users.New()) != nil {
		return named(ctx, svc, r, as)
	}
	q, err := queried(svc, r, limit)
	if err != nil {
		return nil, err
	}
	users, next, err := svc.Users.List(ctx, q)
	if errors.Is(err, core.ErrInvalid) {
		return nil, badQuery("cursor", "Input should be the cursor of a page's Link header")
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	out := make([]any, len(users)) // never null
	for i, u := range users {
		out[i] = as.of(u)
	}
	resp, err := core.JSON(http.StatusOK, out)
	if err != nil {
		return nil, err
	}
	if next != "" {
		link := url.Values{"cursor": {next}, "limit": {strconv.Itoa(limit)}}
		if q.Email != "" {
			link.Set("email", q.Email)
		}
		for _, name := range filters {
			if r.Query.Has(name) {
				link.Set(name, r.Query.Get(name))
			}
		}
		resp.Header.Set("Link", "<?"+link.Encode()+`>; rel="next"`) // relative to the request, below any prefix
	}
	return resp, nil
}

func byID(ctx context.Context, svc *core.Services, r *core.Request) (core.AnyUser, error) {
	u, err := svc.Users.Find(ctx, core.ByID(r.Param("id")))
	if errors.Is(err, core.ErrNotFound) {
		return nil, core.NotFound()
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return u, nil
}

// gone makes a 404 of a user who was deleted since it was looked up.
func gone(err error) error {
	if errors.Is(err, core.ErrNotFound) {
		return core.NotFound()
	}
	return err
}

func inQuery(name, msg string) core.Problem {
	return core.Problem{Loc: []any{"query", name}, Msg: msg, Type: "value_error"}
}

func badQuery(name, msg string) error { return core.Invalid(inQuery(name, msg)) }

// searched returns how the canonical form of an address begins that is shown
// with this prefix. The beginning of a label of an international domain is none
// of its canonical form: then it is that of every domain.
func searched(svc *core.Services, prefix string) string {
	prefix = strings.ToLower(prefix)
	local, domain, hasDomain := strings.Cut(prefix, "@")
	if !hasDomain {
		return prefix
	}
	if key, err := svc.CanonicalEmail(prefix); err == nil {
		return key
	}
	if key, err := svc.CanonicalEmail(local + "@example.org"); err == nil && !isASCII(domain) {
		return strings.TrimSuffix(key, "example.org")
	}
	return prefix
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
