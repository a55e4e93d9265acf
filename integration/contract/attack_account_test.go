package contract_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
)

const (
	registerRoute = "POST /auth/register "
	taken         = registerRoute + "400 REGISTER_USER_ALREADY_EXISTS"
	badLogin      = "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS"
)

func registration(email string) option { return members(object{"email": email, "password": password}) }

func TestAttackG01OneAccount(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		for _, email := range []string{"ada@example.org", "\u00e9lodie@b\u00fccher.example"} {
			a.want(t, registerRoute+"201 (twin)", registration(email))
		}
		const refused = registerRoute + "422 body.email value_error"
		for name, c := range map[string]struct{ line, email string }{
			"letter case":                      {taken, "ADA@Example.ORG"},
			"letter case beyond ASCII":         {taken, "\u00c9LODIE@B\u00dcCHER.example"},
			"NFD":                              {taken, "e\u0301lodie@bu\u0308cher.example"},
			"A-label":                          {taken, "\u00e9lodie@xn--bcher-kva.example"},
			"A-label in capitals":              {taken, "\u00e9lodie@XN--BCHER-KVA.example"},
			"full-width domain":                {taken, "ada@\uff45xample.org"},
			"ideographic full stop":            {taken, "ada@example\u3002org"},
			"soft hyphen in the domain":        {taken, "ada@exam\u00adple.org"},
			"full-width local part":            {refused, "\uff41da@example.org"},
			"trailing dot":                     {refused, "ada@example.org."},
			"trailing dot in the local part":   {refused, "ada.@example.org"},
			"trailing space":                   {refused, "ada@example.org "},
			"leading space":                    {refused, " ada@example.org"},
			"no-break space":                   {refused, "ada@example.org\u00a0"},
			"xn-- that decodes to ASCII":       {refused, "ada@xn--example-.org"},
			"xn-- that does not decode":        {refused, "ada@xn--99zzzz.org"},
			"quoted local part":                {refused, `"ada"@example.org`},
			"comment":                          {refused, "ada(comment)@example.org"},
			"display name":                     {refused, "Ada <ada@example.org>"},
			"zero-width joiner in local part":  {refused, "a\u200dda@example.org"},
			"invisible letter in local part":   {refused, "ada\u1160@example.org"},
			"right-to-left override":           {refused, "\u202eada@example.org"},
			"two at signs, of different users": {refused, "ada@example.org@example.org"},
		} {
			a.attack(t, "G01 "+name, c.line, registration(c.email))
		}
		a.want(t, registerRoute+"201 (twin, another address)", registration("elodie@b\u00fccher.example"))
	})
}

func TestAttackG02Tags(t *testing.T) {
	variants := []string{"ada.lovelace@gmail.example", "adalovelace@gmail.example", "ada.lovelace+tag@gmail.example"}
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		for _, email := range variants {
			a.attack(t, "G02 dots and tags make another address", registerRoute+"201", registration(email))
		}
	})
	folding := func(email string) (string, error) {
		key, err := latchkey.CanonicalEmail(email)
		local, domain, _ := strings.Cut(key, "@")
		local, _, _ = strings.Cut(local, "+")
		return strings.ReplaceAll(local, ".", "") + "@" + domain, err
	}
	onEveryStore(t, func(_ *app, o *options) { o.CanonicalEmail = folding }, func(t *testing.T, a *app) {
		a.want(t, registerRoute+"201 (twin)", registration(variants[0]))
		for _, email := range variants {
			a.attack(t, "G02 one account, where the application says so", taken, registration(email))
			a.want(t, "POST /auth/jwt/login 200 (twin)", form("username", email, "password", password))
		}
	})
}

func TestAttackG04LongPasswords(t *testing.T) {
	onOne(t, func(_ *app, o *options) {
		hasher, err := bcrypt.New(bcrypt.Options{Cost: 10})
		if err != nil {
			t.Error(err)
		}
		o.Hashers = []core.Hasher{hasher}
	}, func(t *testing.T, a *app) {
		longest := strings.Repeat("horse 17 ", 8) // 72 bytes
		register := func(password string) option {
			return members(object{"email": "long@example.org", "password": password})
		}
		for name, password := range map[string]string{"73 bytes": longest + "x", "73 bytes, fewer letters": longest[:71] +
			"é"} {
			got := a.attack(t, "G04 register with "+name, registerRoute+"400 {REGISTER_INVALID_PASSWORD, reason}",
				register(password))
			if strings.Contains(got.body, "horse") {
				t.Errorf("G04: the password is repeated: %s", got.body)
			}
		}
		u := a.user(t)
		token, mine := a.asked(t, "reset", u), a.login(t, "jwt", u)
		a.attack(t, "G04 change to 73 bytes", "PATCH /users/me 400 {UPDATE_USER_INVALID_PASSWORD, reason}", mine,
			members(object{"password": longest + "x"}))
		a.attack(t, "G04 reset to 73 bytes", resetRoute+"400 {RESET_PASSWORD_INVALID_PASSWORD, reason}",
			members(object{"token": token, "password": longest + "x"}))
		a.want(t, resetRoute+"200 (twin, the token is not used up)", fresh(token))
		a.want(t, registerRoute+"201 (twin, 72 bytes)", register(longest))
		a.attack(t, "G04 login with 73 bytes, of which 72 are right", badLogin,
			form("username", "long@example.org", "password", longest+"x"))
		a.want(t, "POST /auth/jwt/login 200 (twin)", form("username", "long@example.org", "password", longest))
	})
}

func TestAttackG05NotText(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		admin := []option{a.login(t, "cookie", a.user(t, superuser)), id(u.ID)}
		before := a.state(t)
		for name, bad := range map[string]string{"NUL": `\u0000`, "bytes that are not UTF-8": "\xff",
			"a surrogate as UTF-8": "\xed\xa0\x80", "a lone surrogate": `\udc00`} {
			for _, member := range []string{"email", "username", "password", "token", "full_name", "unknown"} {
				document := strings.Replace(`{"email": "g05@example.org", "username": "g05@example.org", "password": "`+password+
					`", "token": "x", "full_name": "x", "unknown": "x"}`,
					`"`+member+`": "`, `"`+member+`": "`+bad, 1)
				t.Run("G05 "+name+" in "+member, func(t *testing.T) {
					for _, route := range readers {
						a.want(t, route+" 422 body.# json_invalid", append(admin, text(document))...)
					}
				})
			}
		}
		for name, bad := range map[string]string{"NUL": "%00", "bytes that are not UTF-8": "%ff",
			"a surrogate as UTF-8": "%ed%a0%80"} {
			for _, c := range []struct{ field, body string }{
				{"username", "username=" + bad + "g05@example.org&password=x"}, {"password", "username=g05@example.org&password=x" + bad},
			} {
				a.attack(t, "G05 "+name+" in the form's "+c.field, "POST /auth/jwt/login 422 body."+c.field+" value_error",
					body("application/x-www-form-urlencoded", c.body))
			}
		}
		if after := a.state(t); after != before {
			t.Errorf("G05: from\n%s to\n%s", before, after)
		}
		a.want(t, registerRoute+"201 (twin)", registration("g05@example.org"))
	})
}

func TestAttackG10WhileLoggedIn(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		for _, backend := range backends {
			mine := a.login(t, backend, u)
			got := a.attack(t, "G10 register while logged in, "+backend, registerRoute+"201", mine,
				registration("g10."+backend+"@example.org"))
			if len(got.header["Set-Cookie"]) > 0 {
				t.Error("G10: it touches the cookie")
			}
			a.want(t, "GET /users/me 200 (twin, the login is as before)", mine).wantUser(t, u)
			a.attack(t, "G10 register the own address again, "+backend, taken, mine, registration(u.Email))
		}
	})
}

func TestAttackG11LongAddresses(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for name, email := range map[string]string{
			"60,000 letters":  strings.Repeat("a", 60_000) + "@example.org",
			"30,000 labels":   "a@" + strings.Repeat("a.", 30_000) + "org",
			"10,000 comments": strings.Repeat("(x)", 10_000) + "a@example.org",
			"nested comments": strings.Repeat("(", 20_000) + strings.Repeat(")", 20_000) + "a@example.org",
			"deep quoting":    `"` + strings.Repeat(`\"`, 10_000) + `"@example.org`,
			"60,000 at signs": strings.Repeat("@", 60_000),
			"many accents":    "a" + strings.Repeat("\u0301", 20_000) + "@example.org",
		} {
			for _, route := range []string{registerRoute, asks["reset"], asks["verify"]} {
				a.attack(t, "G11 "+name+", "+route, route+"422 body.email value_error", registration(email))
			}
			a.attack(t, "G11 "+name+", login", badLogin, members(object{"username": email, "password": password}))
		}
		a.attack(t, "G11 100,000 letters", registerRoute+"413 BODY_TOO_LARGE",
			registration(strings.Repeat("a", 100_000)+"@example.org"))
		a.want(t, registerRoute+"201 (twin, 254 bytes)",
			registration(strings.Repeat("a", 64)+"@"+strings.Repeat("b23456789.", 18)+"example.o"))
	})
}

func TestAttackG13RefusedPasswords(t *testing.T) {
	breached := func(_ context.Context, password string, _ core.AnyUser) error {
		if password == "seen in a breach 2012" {
			return &core.Error{Reason: "This password has been seen in a breach", ReasonCode: "PASSWORD_BREACHED"}
		}
		return nil
	}
	for name, c := range map[string]struct {
		policy   core.PasswordPolicy
		password string
	}{
		"blocklisted": {nil, "password123"}, "blocklisted, in capitals": {nil, "PASSWORD123"}, "the address": {nil, "g13.ada@example.org"},
		"the address' local part": {nil, "g13.ada@"}, "breached": {breached, "seen in a breach 2012"},
	} {
		onEveryStore(t, func(_ *app, o *options) { o.PasswordPolicy = c.policy }, func(t *testing.T, a *app) {
			a.attack(t, "G13 "+name+", register", registerRoute+"400 {REGISTER_INVALID_PASSWORD, reason}",
				members(object{"email": "g13.ada@example.org", "password": c.password}))
			u := a.user(t, func(u *Account) { u.Email = "g13.ada@example.org" })
			a.attack(t, "G13 "+name+", change", "PATCH /users/me 400 {UPDATE_USER_INVALID_PASSWORD, reason}",
				a.login(t, "jwt", u), members(object{"password": c.password}))
			token := a.asked(t, "reset", u)
			a.attack(t, "G13 "+name+", reset", resetRoute+"400 {RESET_PASSWORD_INVALID_PASSWORD, reason}",
				members(object{"token": token, "password": c.password}))
			a.want(t, resetRoute+"200 (twin)", fresh(token))
		})
	}
}

func TestAttackG14NoPassword(t *testing.T) {
	onEveryStore(t, func(_ *app, o *options) { o.InsecureNoLimits = true }, func(t *testing.T, a *app) {
		u := &Account{User: latchkey.User{Email: "g14@example.org", IsActive: true}}
		if err := a.Manager().Create(t.Context(), u, ""); err != nil {
			t.Fatal(err)
		}
		for name, password := range map[string]any{"empty": "", "blank": " ", "null": "null", "the word nil": "<nil>",
			"the mark of a hash": hashMark, "a hash": "[hash]"} {
			a.attack(t, "G14 login with a password that is "+name, badLogin,
				members(object{"username": u.Email, "password": password}))
		}
		a.attack(t, "G14 login with null", "POST /auth/jwt/login 422 body.password string_type",
			members(object{"username": u.Email, "password": nil}))
		a.attack(t, "G14 login with an empty field", "POST /auth/jwt/login 422 body.password missing",
			form("username", u.Email, "password", ""))
		for name, password := range map[string]string{"empty": `""`, "blank": `"        "`} {
			got := a.to(t, "POST /auth/register", text(`{"email": "blank@example.org", "password": `+password+`}`))
			t.Run("G14 register with a password that is "+name, func(t *testing.T) {
				if name == "empty" && got.status != 400 || got.status != 400 && got.status != 201 {
					t.Errorf("got %d %s", got.status, got.body)
				}
			})
		}
		a.want(t, resetRoute+"200 (twin, a reset gives one)", fresh(a.asked(t, "reset", u)))
		a.want(t, "POST /auth/jwt/login 200 (twin)", form("username", u.Email, "password", another))
	})
}

func TestAttackG16LineBreaks(t *testing.T) {
	var logs per[journal]
	onEveryStore(t, func(a *app, o *options) { o.Log = logs.of(a).logger() }, func(t *testing.T, a *app) {
		for name, email := range map[string]string{
			"CR LF behind": "g16@example.org\r\nBcc: eve@evil.example", "LF inside": "g16\n@example.org", "CR inside": "g16\r@example.org",
			"LF at the end": "g16@example.org\n", "a line separator": "g16\u2028@example.org", "a next line": "g16\u0085@example.org",
		} {
			for _, route := range []string{registerRoute, asks["reset"], asks["verify"]} {
				a.attack(t, "G16 "+name+" in the address, "+route, route+"422 body.email value_error", registration(email))
			}
		}
		t.Run("G16 line breaks in a name are kept, and begin no line of a mail or a log", func(t *testing.T) {
			const name = "Ada\r\nBcc: eve@evil.example\nlevel=ERROR msg=forged"
			got := a.want(t, registerRoute+"201",
				members(object{"email": "g16@example.org", "password": password, "full_name": name}))
			if got.member(t, "full_name") != name {
				t.Errorf("the name became %q", got.member(t, "full_name"))
			}
			a.want(t, asks["reset"]+"202", registration("g16@example.org"))
			if m := a.mail(t); strings.ContainsAny(m.To+m.Link+m.Kind+m.Token, "\r\n") {
				t.Errorf("a mail to %q", m.To)
			}
			a.want(t, badLogin, header("User-Agent", "a\tb"), form("username", "g16@example.org", "password", another))
			if log := logs.of(a).String(); strings.Contains(log, "\nlevel=ERROR msg=forged") || strings.Contains(log, "\nBcc") {
				t.Errorf("the log is %s", log)
			}
		})
	})
}

func TestAttackG20Hooks(t *testing.T) {
	broken := errors.New("the hook is broken")
	for name, c := range map[string]struct {
		hooks latchkey.Hooks[Account]
		line  string
		kept  bool
	}{
		"before, error":   {latchkey.Hooks[Account]{BeforeRegister: func(context.Context, *latchkey.Event[Account]) error { return broken }}, registerRoute + "503 SERVICE_UNAVAILABLE", false},
		"before, refusal": {latchkey.Hooks[Account]{BeforeRegister: func(context.Context, *latchkey.Event[Account]) error { return latchkey.Refuse("CLOSED") }}, registerRoute + "400 CLOSED", false},
		"before, panic":   {latchkey.Hooks[Account]{BeforeRegister: func(context.Context, *latchkey.Event[Account]) error { panic(broken) }}, registerRoute + "500", false},
		"after, panic":    {latchkey.Hooks[Account]{AfterRegister: func(context.Context, latchkey.Event[Account]) { panic(broken) }}, registerRoute + "201", true},
	} {
		onEveryStore(t, func(_ *app, o *options) { o.Hooks = c.hooks }, func(t *testing.T, a *app) {
			a.attack(t, "G20 a registration whose hook fails, "+name, c.line, registration("g20@example.org"))
			_, err := a.Manager().FindByEmail(t.Context(), "g20@example.org")
			if kept := err == nil; kept != c.kept {
				t.Errorf("G20 %s: the account is kept: %v, want %v", name, kept, c.kept)
			}
			if c.kept {
				a.want(t, "POST /auth/jwt/login 200 (twin, a whole account)",
					form("username", "g20@example.org", "password", password))
			}
		})
	}
}
