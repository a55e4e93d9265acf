package latchkey_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

func TestAttackM90UserNames(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, func(o *latchkey.Options[Handled]) { o.InsecureNoLimits = true })
	a.add("", anEmail)
	for what, name := range map[string]any{
		"an @-sign": "ada@home", "another's address": anEmail, "of full width": "ada＠example.org", "confusable": "\u0430da.lovelace",
		"Cyrillic alone": "\u0430\u0501\u0430", "60,000 bytes": strings.Repeat("a", 6e4), "digits": "1815", "a number": 1815,
		"a blank": "ada lovelace", "an ending dot": "ada.", "NUL's twin": "ada\u200b",
	} {
		answer := a.want(registry, "", members("username", name, "email", "new@example.org", "password", password), 422,
			`"loc":["body","username"]`)
		if s, is := name.(string); is && len(s) > 4 && strings.Contains(answer, s) {
			t.Errorf("%s: the answer repeats it", what)
		}
	}
	a.want(registry, "", members("username", strings.Repeat("a", 1e5), "email", "new@example.org", "password",
		password), 413,
		core.CodeBodyTooLarge)
	a.want(registry, "", members("username", " Ada.Lovelace ", "email", "new@example.org", "password", password), 201,
		`"username":"Ada.Lovelace"`)
	for _, name := range []string{aName, "ADA.LOVELACE", "ａｄａ.lovelace"} {
		a.want(registry, "", members("username", name, "email", "other@example.org", "password", password), 400,
			core.CodeRegisterNameExists)
	}
	a.want(registry, "", members("username", "grace", "email", anEmail, "password", password), 400,
		core.CodeRegisterUserExists)
	a.want(registry, "", members("username", "grace", "email", "other@example.org", "password", password), 201,
		`"username":"grace"`)
}

func TestRegistrationWithAName(t *testing.T) {
	t.Parallel()
	must, may := newNameApp(t), newNameApp(t, emailOptional)
	for body, want := range map[string]struct {
		must, may int
		part      string // of what may answers
	}{
		`{"email": "x1@example.org", "password": "` + password + `"}`:                                   {201, 201, `"username":null`},
		`{"email": "x2@example.org", "username": null, "password": "` + password + `"}`:                 {201, 201, `"username":null`},
		`{"email": "x3@example.org", "username": "", "password": "` + password + `"}`:                   {201, 201, `"username":null`},
		`{"email": "x4@example.org", "username": "x4x", "password": "` + password + `"}`:                {201, 201, `"username":"x4x"`},
		`{"username": "x5x", "password": "` + password + `"}`:                                           {422, 201, `"email":null,`},
		`{"email": null, "username": "x6x", "password": "` + password + `"}`:                            {422, 201, `"email":null,`},
		`{"email": "", "username": "x7x", "password": "` + password + `"}`:                              {422, 201, `"email":null,`},
		`{"email": 7, "username": "x8x", "password": "` + password + `"}`:                               {422, 422, `["body","email"]`},
		`{"email": "x9", "username": "x9x", "password": "` + password + `"}`:                            {422, 422, `["body","email"]`},
		`{"password": "` + password + `"}`:                                                              {422, 422, `["body","username"],"msg":"Field required"`},
		`{"email": null, "username": null, "password": "` + password + `"}`:                             {422, 422, `["body","username"],"msg":"Field required"`},
		`{"email": "", "username": "no", "password": "` + password + `"}`:                               {422, 422, `["body","username"],"msg":"Value error, A user name has 3`},
		`{"username": "analytical", "password": "Analytical"}`:                                          {422, 400, "PASSWORD_IS_USERNAME"},
		`{"username": "analytical", "email": "b@example.org", "password": "analytical12"}`:              {400, 400, "made of your user name"},
		`{"username": "analytical", "email": "b@example.org", "password": "engine of analytical kind"}`: {201, 201, "analytical"},
	} {
		must.want(registry, "", body, want.must, "")
		if want.part == "PASSWORD_IS_USERNAME" {
			want.part = core.CodeRegisterPassword
		}
		may.want(registry, "", body, want.may, want.part)
	}
	if got, _ := may.users.Find(t.Context(), core.ByUsername("x5x")); got == nil || got.EmailKey != "" || got.IsVerified {
		t.Errorf("without an address the user is %+v", got)
	}
}

func TestLoginByNameOrAddress(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, emailOptional)
	a.add(aName, anEmail)
	a.add("grace", "")
	for identifier, status := range map[string]int{
		aName: 200, " Ada.Lovelace\n": 200, "ａｄａ.LOVELACE": 200, anEmail: 200, "ADA@example.org": 200, "grace": 200,
		"ada": 400, "": 400, "ad": 400, "nobody": 400, "ada.lovelace@example.org": 400, "\u0430da.lovelace": 400,
		strings.Repeat("a", 6e4): 400,
	} {
		a.want("POST /auth/api/login", "", members("username", identifier, "password", password), status, "")
		a.want("POST /auth/api/login", "", members("username", identifier, "password", "wrong password"), 400,
			core.CodeLoginBadCredentials)
		a.clock.Advance(time.Minute)
	}
	if u, err := a.Manager().Authenticate(t.Context(), "ADA.lovelace", password); err != nil || u.Email != anEmail {
		t.Errorf("Authenticate by name: %v, %v", u, err)
	}
}

// TestAttackM91OneCount: the count of a user is reached by both identifiers
// together, and the answer does not tell that they belong together.
func TestAttackM91OneCount(t *testing.T) {
	t.Parallel()
	a := newNameApp(t)
	a.add(aName, anEmail)
	a.add("grace", "grace@example.org")
	try := func(identifier, with string) int {
		status, _ := a.send("POST /auth/api/login", "", members("username", identifier, "password", with))
		return status
	}
	for range 2 {
		try(aName, "wrong password")
		try(anEmail, "wrong password")
	}
	if got := try(aName, "wrong password"); got != 400 {
		t.Errorf("the fifth failure is answered %d", got)
	}
	for _, identifier := range []string{anEmail, aName} {
		if got := try(identifier, password); got != 400 {
			t.Errorf("after five failures by both, the right password with %s is answered %d", identifier, got)
		}
	}
	if got := try("grace", password); got != 200 {
		t.Errorf("twin: another user is answered %d", got)
	}
	// Nobody's identifiers are counted each, as are those of a user.
	for range 5 {
		try("nobody", "wrong password")
		try("nobody@example.org", "wrong password")
	}
	for _, identifier := range []string{"nobody", "nobody@example.org"} {
		if got := try(identifier, "wrong password"); got != 429 {
			t.Errorf("the sixth failure of %s is answered %d, want 429", identifier, got)
		}
	}
	a.clock.Advance(5 * time.Minute)
	for _, identifier := range []string{anEmail, aName} {
		if got := try(identifier, password); got != 200 {
			t.Errorf("later the right password with %s is answered %d", identifier, got)
		}
	}
	// A login forgives the failures by either.
	for range 3 {
		for range 4 {
			try(anEmail, "wrong password")
		}
		if got := try(anEmail, password); got != 200 {
			t.Errorf("after four failures, the right password is answered %d", got)
		}
	}
}

// A wrong current password is counted with the user's failed logins.
func TestAttackM91CurrentPasswords(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, emailOptional)
	a.add("grace", "")
	a.add(aName, "")
	token := a.login("grace")
	for range 5 {
		a.want("PATCH /users/me", token, members("username", "grace2", "current_password", "wrong password"), 400,
			core.CodeUpdateBadCurrent)
	}
	a.want("PATCH /users/me", token, members("username", "grace2", "current_password", password), 429,
		core.CodeRateLimited)
	a.want("POST /auth/api/login", "", members("username", "grace", "password", password), 400,
		core.CodeLoginBadCredentials)
	a.login(aName) // users without an address do not share a count
}

// TestAttackM91SameWork: an unknown name, an unknown address, and a user who is
// out of tries, cost as many calls of the limiter and as many hashes.
func TestAttackM91SameWork(t *testing.T) {
	t.Parallel()
	counter := &counting{Limiter: memstore.NewLimiter(memstore.LimiterOptions{})}
	hashes := &hashCount{fast: "new"}
	a := newNameApp(t, func(o *latchkey.Options[Handled]) { o.Limiter, o.Hashers = counter, []core.Hasher{hashes} })
	a.add(aName, anEmail)
	costs := map[[2]int]bool{}
	for _, identifier := range []string{aName, anEmail, aName, anEmail, aName, anEmail, "nobody", "nobody@example.org"} {
		calls, verified := counter.calls, hashes.verified
		a.want("POST /auth/api/login", "", members("username", identifier, "password", "wrong password"), 400, "")
		costs[[2]int{counter.calls - calls, hashes.verified - verified}] = true
	}
	if len(costs) != 1 {
		t.Errorf("the costs are %v", costs)
	}
}

type counting struct {
	core.Limiter
	calls int
}

func (c *counting) Allow(ctx context.Context, key string, limits ...latchkey.Limit) (time.Duration, error) {
	c.calls++
	return c.Limiter.Allow(ctx, key, limits...)
}

type hashCount struct {
	fast
	verified int
}

func (h *hashCount) Verify(hash core.PasswordHash, password string) (bool, error) {
	h.verified++
	return h.fast.Verify(hash, password)
}

func TestAttackM92NoAddress(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, emailOptional)
	a.add("grace", "")
	a.add(aName, anEmail)
	for _, route := range []string{"POST /auth/forgot-password", "POST /auth/request-verify-token",
		"POST /auth/api/mail-login"} {
		for _, identifier := range []string{"grace", "nobody"} {
			before := len(a.sent())
			answer := a.want(route, "", members("email", identifier), 202, "")
			if strings.HasSuffix(route, "mail-login") != strings.Contains(answer, `"flow"`) {
				t.Errorf("%s: %s", route, answer)
			}
			if to := a.sent(); len(to) != before {
				t.Errorf("%s of %s sent a mail to %q", route, identifier, to[before:])
			}
		}
		for _, identifier := range []string{anEmail, "ADA.lovelace"} {
			before := len(a.sent())
			a.want(route, "", members("email", identifier), 202, "")
			if to := a.sent(); len(to) != before+1 || to[before] != anEmail {
				t.Errorf("%s of %s sent mails to %q, want one to the stored address", route, identifier, to[before:])
			}
		}
		a.want(route, "", members("email", "no"), 422, `["body","email"]`)
	}
}

func TestChangeOfAName(t *testing.T) {
	t.Parallel()
	a := newNameApp(t)
	id := a.add(aName, anEmail)
	a.add("grace", "grace@example.org")
	token := a.login(aName)
	a.want("PATCH /users/me", token, members("username", "GRACE"), 400, core.CodeUpdateNameExists)
	a.want("PATCH /users/me", token, members("username", "a@b.org"), 422, `["body","username"]`)
	a.want("PATCH /users/me", token, members("username", ""), 422, `["body","username"]`)
	a.want("PATCH /users/me", token, `{"username": null}`, 200, `"username":"`+aName)
	a.want("PATCH /users/me", token, members("username", "countess"), 200, `"username":"countess"`)
	a.clock.Advance(time.Hour)
	a.want("PATCH /users/me", token, members("username", "Countess", "nick", "n"), 200,
		`"username":"Countess"`) // the same key
	a.want("PATCH /users/me", token, members("username", aName), 403, core.CodeProofRequired)
	a.want("PATCH /users/me", token, members("username", aName, "current_password", "wrong password"), 400,
		core.CodeUpdateBadCurrent)
	a.want("PATCH /users/me", token, members("username", "lovelace", "current_password", password), 200,
		`"username":"lovelace"`)
	a.want("POST /auth/api/login", "", members("username", "countess", "password", password), 400, "")
	a.add("countess", "new@example.org")
	if u, err := a.users.Find(t.Context(), core.ByID(id)); err != nil || u.UsernameKey != "lovelace" || u.Nick != "n" {
		t.Errorf("the user is %+v, %v", u, err)
	}
	a.want("GET /users/me", token, "", 200, `"username":"lovelace"`) // no session has ended
}

func TestSuperusersAndNames(t *testing.T) {
	t.Parallel()
	a := newNameApp(t)
	id, boss := a.add(aName, anEmail), a.add("boss", "boss@example.org")
	if _, err := a.Manager().Update(t.Context(), boss, latchkey.Changes[Handled]{IsSuperuser: new(true)}); err != nil {
		t.Fatal(err)
	}
	token := a.login("boss")
	a.want("PATCH /users/"+id, token, members("username", "boss"), 400, core.CodeUpdateNameExists)
	a.want("PATCH /users/"+id, token, members("username", "Countess"), 200, `"username":"Countess"`)
	a.want("GET /users?username=countess", token, "", 200, `"username":"Countess"`)
	a.want("GET /users?username=COUNTESS", token, "", 200, anEmail)
	for _, nobody := range []string{"ada", "no", "a@b.org", ""} {
		if answer := a.want("GET /users?username="+nobody, token, "", 200, ""); nobody != "" && answer != "[]" {
			t.Errorf("username=%s finds %s", nobody, answer)
		}
	}
	a.want("GET /users?username=boss&email=b", token, "", 422, `["query","username"]`)
}

func TestManagerAndNames(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, emailOptional)
	ctx, m := t.Context(), a.Manager()
	ada := &Handled{User: latchkey.User{IsActive: true}, Named: latchkey.Named{Username: " Ada "}}
	check(t, m.Create(ctx, ada, password), nil)
	if ada.Username != "Ada" || ada.UsernameKey != "ada" {
		t.Errorf("Create left %+v", ada.Named)
	}
	check(t, m.Create(ctx, &Handled{Named: latchkey.Named{Username: "ADA"}}, ""),
		latchkey.Refuse(core.CodeRegisterNameExists))
	check(t, m.Create(ctx, &Handled{Named: latchkey.Named{Username: "a@b"}}, ""), core.Invalid())
	check(t, m.Create(ctx, &Handled{}, password), core.Invalid())
	check(t, m.Create(ctx, &Handled{}, ""), nil) // who may come by a link
	got, err := m.FindByUsername(ctx, "aDa ")
	check(t, err, nil)
	if got == nil || got.ID != ada.ID {
		t.Errorf("FindByUsername returned %+v", got)
	}
	for _, name := range []string{"grace", "no", "a@b.org", ""} {
		_, err := m.FindByUsername(ctx, name)
		check(t, err, core.ErrNotFound)
	}
	grace := &Handled{Named: latchkey.Named{Username: "grace"}}
	check(t, m.Create(ctx, grace, password), nil)
	_, err = m.Update(ctx, grace.ID, latchkey.Changes[Handled]{Username: new("ada")})
	check(t, err, latchkey.Refuse(core.CodeUpdateNameExists))
	u, err := m.Update(ctx, grace.ID, latchkey.Changes[Handled]{Username: new("Hopper"), Edit: func(u *Handled) error {
		u.Username, u.UsernameKey, u.Nick = "ada", "ada", "edited"
		return nil
	}})
	check(t, err, nil)
	if u.Username != "Hopper" || u.UsernameKey != "hopper" || u.Nick != "edited" {
		t.Errorf("Update left %+v", u)
	}
}

func TestImportOfNames(t *testing.T) {
	t.Parallel()
	a := newNameApp(t, emailOptional)
	ctx, m := t.Context(), a.Manager()
	check(t, m.Import(ctx, &Handled{Named: latchkey.Named{Username: "Ada", UsernameKey: "eve"}}, ""), nil)
	got, err := m.FindByUsername(ctx, "ada")
	check(t, err, nil)
	if got.UsernameKey != "ada" {
		t.Errorf("Import left %+v", got.Named)
	}
	again := &Handled{User: latchkey.User{Email: anEmail}, Named: latchkey.Named{Username: "ADA"}}
	for _, err := range []error{m.Import(ctx, again, ""), m.TryImport(ctx, again, "")} {
		if check(t, err, core.ErrTaken); err == nil || !strings.Contains(err.Error(), "the user name") {
			t.Errorf("got %v", err)
		}
	}
	check(t, m.Import(ctx, &Handled{Named: latchkey.Named{Username: "a@b"}}, ""), core.Invalid())
}

func TestHooksAndNames(t *testing.T) {
	t.Parallel()
	var changed [][]string
	a := newNameApp(t, func(o *latchkey.Options[Handled]) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Handled]) error {
			if e.User.Username == "" {
				e.User.Username = strings.ToUpper(strings.Split(e.User.Email, "@")[0])
			}
			return nil
		}
		o.Hooks.BeforeUpdate = func(_ context.Context, e *latchkey.Event[Handled]) error {
			switch e.User.Username {
			case "change-me":
				e.User.Username = "Changed"
			case "take-one":
				e.User.Username = "someone"
			}
			return nil
		}
		o.Hooks.AfterUpdate = func(_ context.Context, e latchkey.Event[Handled]) { changed = append(changed, e.Fields) }
	})
	id := a.add("", "someone@example.org")
	if u, _ := a.users.Find(t.Context(), core.ByUsername("someone")); u == nil || u.ID != id || u.Username != "SOMEONE" {
		t.Errorf("what BeforeRegister has set is %+v", u)
	}
	a.want(registry, "", members("email", "someone@example.net", "password", password), 400, core.CodeRegisterNameExists)
	a.want(registry, "", members("email", "x@example.net", "password", password), 422, `["body","username"]`)
	a.add(aName, anEmail)
	token := a.login(aName)
	a.want("PATCH /users/me", token, members("username", "change-me"), 200, `"username":"Changed"`)
	a.want("PATCH /users/me", token, members("username", "take-one"), 400, core.CodeUpdateNameExists)
	a.want("PATCH /users/me", token, members("username", "last-one"), 200, "last-one")
	if len(changed) != 2 || strings.Join(changed[0], " ") != "username" {
		t.Errorf("the fields that changed are %v", changed)
	}
	if u, _ := a.users.Find(t.Context(), core.ByUsername("last-one")); u == nil || u.Email != anEmail {
		t.Errorf("the user is %+v", u)
	}
}

func TestOptionsOfIdentifiers(t *testing.T) {
	t.Parallel()
	reserved := errors.New("This name is reserved")
	a := newNameApp(t, func(o *latchkey.Options[Handled]) {
		o.Identify = func(typed string) (latchkey.Key, error) {
			key, err := latchkey.Identify(typed)
			if err == nil && key == core.ByUsername("admin") {
				return latchkey.Key{}, reserved
			}
			return key, err
		}
	})
	a.want(registry, "", members("username", "ADMIN", "email", anEmail, "password", password), 422, reserved.Error())
	a.add("admin2", anEmail)
	a.login("Admin2")

	member := memstore.NewUsers[Member]()
	_, err := latchkey.New(member, latchkey.Options[Member]{Identify: latchkey.Identify})
	refusedWith(t, err, "Options.Identify needs a user type that embeds latchkey.Named")
	_, err = latchkey.New(member, latchkey.Options[Member]{EmailOptional: true, RequireVerified: true})
	refusedWith(t, err, "exclude each other")
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	check(t, err, nil)
	o := latchkey.Options[Handled]{Backends: []latchkey.Backend{
		{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
	}}
	_, err = latchkey.New(core.UserStore[Handled](forgetful{memstore.NewUsers[Handled]()}), o)
	refusedWith(t, err, "keeps no names unique")
	auth, err := latchkey.New(memstore.NewUsers[Handled](), o)
	check(t, err, nil)
	check(t, auth.Close(t.Context()), nil)
}

// forgetful is a store that says nothing of names.
type forgetful struct{ core.UserStore[Handled] }

func refusedWith(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New's error is %v, want %q", err, want)
	}
}

// A type without Named has no names.
func TestNoNames(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	answer := a.want("POST", "/auth/register", "",
		members("email", anEmail, "username", "a@b", "password", password, "nick", "n"), 201, anEmail)
	if strings.Contains(answer.body, "username") {
		t.Errorf("a registration is answered %s", answer.body)
	}
	if _, err := a.Manager().FindByUsername(t.Context(), "ada"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("FindByUsername: %v", err)
	}
	u, err := a.Manager().FindByEmail(t.Context(), anEmail)
	check(t, err, nil)
	_, err = a.Manager().Update(t.Context(), u.ID, latchkey.Changes[Member]{Username: new("ada")})
	check(t, err, core.Invalid())
}

// What docs/guides/user-names.md shows.
func TestGuideOfNames(t *testing.T) {
	t.Parallel()
	o := options[Player]()
	auth, err := latchkey.New(memstore.NewUsers[Player](), withNamesRequired(o))
	check(t, err, nil)
	m := auth.Manager()
	check(t, m.Create(t.Context(), &Player{User: latchkey.User{Email: anEmail}}, password), core.Invalid())
	check(t, m.Create(t.Context(), &Player{User: latchkey.User{Email: anEmail},
		Named: latchkey.Named{Username: "ada"}}, password), nil)

	auth, err = latchkey.New(memstore.NewUsers[Player](), o)
	check(t, err, nil)
	m = auth.Manager()
	for i := range 103 {
		check(t, m.Create(t.Context(), &Player{User: latchkey.User{Email: fmt.Sprintf("p%d@example.org", i)},
			Level: i}, ""), nil)
	}
	check(t, nameAll(t.Context(), auth, func(p *Player) string {
		if p.Level == 7 {
			return "no name"
		}
		return fmt.Sprintf("player-%d", max(p.Level, 1))
	}), nil)
	for name, found := range map[string]bool{"player-1": true, "player-102": true, "player-7": false, "player-0": false} {
		if _, err := m.FindByUsername(t.Context(), name); (err == nil) != found {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A link that an operator makes for a user without an address takes no account
// over: there is no mailbox that somebody else could prove.
func TestResetLinksWithoutAnAddress(t *testing.T) {
	t.Parallel()
	credentials := memstore.NewCredentials(nil)
	a := newNameApp(t, emailOptional, func(o *latchkey.Options[Handled]) {
		o.Flows = append(o.Flows, totp.Flow{})
		o.Credentials = credentials
		o.Vault = []core.VaultKey{{ID: "test", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}}
	})
	for email, left := range map[string]int{"": 1, anEmail: 0} {
		id := a.add("user"+fmt.Sprint(left), email)
		check(t, credentials.Create(t.Context(), &core.Credential{Owner: id, Kind: "totp", Key: id,
			Data: []byte("{}")}, 0), nil)
		link, _, err := a.Manager().ResetLink(t.Context(), id)
		check(t, err, nil)
		_, token, _ := strings.Cut(link, "token=")
		_, err = a.Manager().ResetPassword(t.Context(), token, "another password of theirs")
		check(t, err, nil)
		kept, err := credentials.List(t.Context(), "", id)
		check(t, err, nil)
		if len(kept) != left {
			t.Errorf("with the address %q, %d factors are left, want %d", email, len(kept), left)
		}
		a.want("POST /auth/api/login", "", members("username", "user"+fmt.Sprint(left), "password", password), 400, "")
	}
}
