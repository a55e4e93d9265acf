package attacks_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	registerRoute = "POST /auth/register "
	taken         = registerRoute + "400 REGISTER_USER_ALREADY_EXISTS"
	badLogin      = "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS"
)

func registration(email string) harness.Option {
	return harness.JSONObject(harness.Object{"email": email, "password": harness.Password})
}

func TestAttackG01OneAccount(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		for _, email := range []string{"ada@example.org", "\u00e9lodie@b\u00fccher.example"} {
			a.Want(t, registerRoute+"201 (twin)", registration(email))
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
			"trailing space":                   {taken, "ada@example.org "},
			"leading space":                    {taken, " ada@example.org"},
			"no-break space":                   {taken, "ada@example.org\u00a0"},
			"space inside":                     {refused, "ada @example.org"},
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
			a.Want(t, c.line, harness.Case("G01 "+name), registration(c.email))
		}
		a.Want(t, registerRoute+"201 (twin, another address)", registration("elodie@b\u00fccher.example"))
	})
}

func TestAttackG02Tags(t *testing.T) {
	variants := []string{"ada.lovelace@gmail.example", "adalovelace@gmail.example", "ada.lovelace+tag@gmail.example"}
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		for _, email := range variants {
			a.Want(t, registerRoute+"201", harness.Case("G02 dots and tags make another address"), registration(email))
		}
	})
	folding := func(email string) (string, error) {
		key, err := latchkey.CanonicalEmail(email)
		local, domain, _ := strings.Cut(key, "@")
		local, _, _ = strings.Cut(local, "+")
		return strings.ReplaceAll(local, ".", "") + "@" + domain, err
	}
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.CanonicalEmail = folding },
		func(t *testing.T, a *harness.App) {
			a.Want(t, registerRoute+"201 (twin)", registration(variants[0]))
			for _, email := range variants {
				a.Want(t, taken, harness.Case("G02 one account, where the application says so"), registration(email))
				a.Want(t, "POST /auth/jwt/login 200 (twin)", harness.LoginForm(email, harness.Password))
			}
		})
}

func TestAttackG04LongPasswords(t *testing.T) {
	harness.OnOneAdapter(t, func(_ *harness.App, o *harness.Options) {
		hasher, err := bcrypt.New(bcrypt.Options{Cost: 10})
		if err != nil {
			t.Error(err)
		}
		o.Hashers = []core.Hasher{hasher}
	}, func(t *testing.T, a *harness.App) {
		longest := strings.Repeat("horse 17 ", 8) // 72 bytes
		register := func(password string) harness.Option {
			return harness.JSONObject(harness.Object{"email": "long@example.org", "password": password})
		}
		for name, password := range map[string]string{"73 bytes": longest + "x", "73 bytes, fewer letters": longest[:71] +
			"é"} {
			got := a.Want(t, registerRoute+"400 {REGISTER_INVALID_PASSWORD, reason}", harness.Case("G04 register with "+name),
				register(password))
			if strings.Contains(got.Body, "horse") {
				t.Errorf("G04: the password is repeated: %s", got.Body)
			}
		}
		u := a.NewUser(t)
		token, mine := a.MailedToken(t, "reset", u), a.LogIn(t, "jwt", u)
		a.Want(t, "PATCH /users/me 400 {UPDATE_USER_INVALID_PASSWORD, reason}", harness.Case("G04 change to 73 bytes"), mine,
			harness.JSONObject(harness.Object{"password": longest + "x"}))
		a.Want(t, harness.ResetRoute+"400 {RESET_PASSWORD_INVALID_PASSWORD, reason}", harness.Case("G04 reset to 73 bytes"),
			harness.JSONObject(harness.Object{"token": token, "password": longest + "x"}))
		a.Want(t, harness.ResetRoute+"200 (twin, the token is not used up)", harness.ResetBody(token))
		a.Want(t, registerRoute+"201 (twin, 72 bytes)", register(longest))
		a.Want(t, badLogin, harness.Case("G04 login with 73 bytes, of which 72 are right"),
			harness.LoginForm("long@example.org", longest+"x"))
		a.Want(t, "POST /auth/jwt/login 200 (twin)", harness.LoginForm("long@example.org", longest))
	})
}

func TestAttackG05NotText(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		admin := []harness.Option{a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser)), harness.PathID(u.ID)}
		before := a.StoredState(t)
		for name, bad := range map[string]string{"NUL": `\u0000`, "bytes that are not UTF-8": "\xff",
			"a surrogate as UTF-8": "\xed\xa0\x80", "a lone surrogate": `\udc00`} {
			for _, member := range []string{"email", "username", "password", "token", "full_name", "unknown"} {
				document := strings.Replace(`{"email": "g05@example.org", "username": "g05@example.org", "password": "`+
					harness.Password+
					`", "token": "x", "full_name": "x", "unknown": "x"}`,
					`"`+member+`": "`, `"`+member+`": "`+bad, 1)
				problem := " 422 body.# json_invalid"
				if name == "NUL" {
					problem = " 422 body." + member + " value_error"
				}
				t.Run("G05 "+name+" in "+member, func(t *testing.T) {
					for _, route := range readers {
						a.Want(t, route+problem, append(admin, harness.JSON(document))...)
					}
				})
			}
		}
		for name, bad := range map[string]string{"NUL": "%00", "bytes that are not UTF-8": "%ff",
			"a surrogate as UTF-8": "%ed%a0%80"} {
			for _, c := range []struct{ field, body string }{
				{"username", "username=" + bad + "g05@example.org&password=x"}, {"password", "username=g05@example.org&password=x" + bad},
			} {
				a.Want(t, "POST /auth/jwt/login 422 body."+c.field+" value_error",
					harness.Case("G05 "+name+" in the form's "+c.field), harness.Body("application/x-www-form-urlencoded", c.body))
			}
		}
		if after := a.StoredState(t); after != before {
			t.Errorf("G05: from\n%s to\n%s", before, after)
		}
		a.Want(t, registerRoute+"201 (twin)", registration("g05@example.org"))
	})
}

func TestAttackG10WhileLoggedIn(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for _, backend := range harness.Backends {
			mine := a.LogIn(t, backend, u)
			got := a.Want(t, registerRoute+"201", harness.Case("G10 register while logged in, "+backend), mine,
				registration("g10."+backend+"@example.org"))
			if len(got.Header["Set-Cookie"]) > 0 {
				t.Error("G10: it touches the cookie")
			}
			a.Want(t, "GET /users/me 200 (twin, the login is as before)", mine).WantUser(t, u)
			a.Want(t, taken, harness.Case("G10 register the own address again, "+backend), mine, registration(u.Email))
		}
	})
}

func TestAttackG11LongAddresses(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for name, email := range map[string]string{
			"60,000 letters":  strings.Repeat("a", 60_000) + "@example.org",
			"30,000 labels":   "a@" + strings.Repeat("a.", 30_000) + "org",
			"10,000 comments": strings.Repeat("(x)", 10_000) + "a@example.org",
			"nested comments": strings.Repeat("(", 20_000) + strings.Repeat(")", 20_000) + "a@example.org",
			"deep quoting":    `"` + strings.Repeat(`\"`, 10_000) + `"@example.org`,
			"60,000 at signs": strings.Repeat("@", 60_000),
			"many accents":    "a" + strings.Repeat("\u0301", 20_000) + "@example.org",
		} {
			for _, route := range []string{registerRoute, harness.MailRoutes["reset"], harness.MailRoutes["verify"]} {
				a.Want(t, route+"422 body.email value_error", harness.Case("G11 "+name+", "+route), registration(email))
			}
			a.Want(t, badLogin, harness.Case("G11 "+name+", login"),
				harness.JSONObject(harness.Object{"username": email, "password": harness.Password}))
		}
		a.Want(t, registerRoute+"413 BODY_TOO_LARGE", harness.Case("G11 100,000 letters"),
			registration(strings.Repeat("a", 100_000)+"@example.org"))
		a.Want(t, registerRoute+"201 (twin, 254 bytes)",
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
		harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.PasswordPolicy = c.policy },
			func(t *testing.T, a *harness.App) {
				a.Want(t, registerRoute+"400 {REGISTER_INVALID_PASSWORD, reason}", harness.Case("G13 "+name+", register"),
					harness.JSONObject(harness.Object{"email": "g13.ada@example.org", "password": c.password}))
				u := a.NewUser(t, func(u *harness.Account) { u.Email = "g13.ada@example.org" })
				a.Want(t, "PATCH /users/me 400 {UPDATE_USER_INVALID_PASSWORD, reason}", harness.Case("G13 "+name+", change"),
					a.LogIn(t, "jwt", u), harness.JSONObject(harness.Object{"password": c.password}))
				token := a.MailedToken(t, "reset", u)
				a.Want(t, harness.ResetRoute+"400 {RESET_PASSWORD_INVALID_PASSWORD, reason}", harness.Case("G13 "+name+", reset"),
					harness.JSONObject(harness.Object{"token": token, "password": c.password}))
				a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(token))
			})
	}
}

func TestAttackG14NoPassword(t *testing.T) {
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.InsecureNoLimits = true },
		func(t *testing.T, a *harness.App) {
			u := &harness.Account{User: latchkey.User{Email: "g14@example.org", IsActive: true}}
			if err := a.Manager().Create(t.Context(), u, ""); err != nil {
				t.Fatal(err)
			}
			for name, password := range map[string]any{"empty": "", "blank": " ", "null": "null", "the word nil": "<nil>",
				"the mark of a hash": harness.FakeHashPrefix, "a hash": "[hash]"} {
				a.Want(t, badLogin, harness.Case("G14 login with a password that is "+name),
					harness.JSONObject(harness.Object{"username": u.Email, "password": password}))
			}
			a.Want(t, "POST /auth/jwt/login 422 body.password string_type", harness.Case("G14 login with null"),
				harness.JSONObject(harness.Object{"username": u.Email, "password": nil}))
			a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("G14 login with an empty field"),
				harness.LoginForm(u.Email, ""))
			for name, password := range map[string]string{"empty": `""`, "blank": `"        "`} {
				got := a.Want(t, "POST /auth/register <500",
					harness.JSON(`{"email": "blank@example.org", "password": `+password+`}`))
				t.Run("G14 register with a password that is "+name, func(t *testing.T) {
					if name == "empty" && got.Status != 400 || got.Status != 400 && got.Status != 201 {
						t.Errorf("got %d %s", got.Status, got.Body)
					}
				})
			}
			a.Want(t, harness.ResetRoute+"200 (twin, a reset gives one)", harness.ResetBody(a.MailedToken(t, "reset", u)))
			a.Want(t, "POST /auth/jwt/login 200 (twin)", harness.LoginForm(u.Email, harness.OtherPassword))
		})
}

func TestAttackG16LineBreaks(t *testing.T) {
	var logs harness.PerApp[harness.Journal]
	harness.OnEveryStore(t, func(a *harness.App, o *harness.Options) { o.Log = logs.Of(a).Logger() },
		func(t *testing.T, a *harness.App) {
			for name, email := range map[string]string{
				"CR LF behind": "g16@example.org\r\nBcc: eve@evil.example", "LF inside": "g16\n@example.org", "CR inside": "g16\r@example.org",
				"LF and a blank inside": "g16@example.org\n x", "a line separator": "g16\u2028@example.org", "a next line": "g16\u0085@example.org",
			} {
				for _, route := range []string{registerRoute, harness.MailRoutes["reset"], harness.MailRoutes["verify"]} {
					a.Want(t, route+"422 body.email value_error", harness.Case("G16 "+name+" in the address, "+route),
						registration(email))
				}
			}
			t.Run("G16 line breaks in a name are kept, and begin no line of a mail or a log", func(t *testing.T) {
				const name = "Ada\r\nBcc: eve@evil.example\nlevel=ERROR msg=forged"
				got := a.Want(t, registerRoute+"201",
					harness.JSONObject(harness.Object{"email": "g16@example.org", "password": harness.Password, "full_name": name}))
				if got.Member(t, "full_name") != name {
					t.Errorf("the name became %q", got.Member(t, "full_name"))
				}
				a.Want(t, harness.MailRoutes["reset"]+"202", registration("g16@example.org"))
				if m := a.NextMail(t); strings.ContainsAny(m.To+m.Link+m.Kind+m.Token, "\r\n") {
					t.Errorf("a mail to %q", m.To)
				}
				a.Want(t, badLogin, harness.Header("User-Agent", "a\tb"),
					harness.LoginForm("g16@example.org", harness.OtherPassword))
				if log := logs.Of(a).String(); strings.Contains(log, "\nlevel=ERROR msg=forged") || strings.Contains(log, "\nBcc") {
					t.Errorf("the log is %s", log)
				}
			})
		})
}

func TestAttackG20Hooks(t *testing.T) {
	broken := errors.New("the hook is broken")
	for name, c := range map[string]struct {
		hooks latchkey.Hooks[harness.Account]
		line  string
		kept  bool
	}{
		"before, error":   {latchkey.Hooks[harness.Account]{BeforeRegister: func(context.Context, *latchkey.Event[harness.Account]) error { return broken }}, registerRoute + "503 SERVICE_UNAVAILABLE", false},
		"before, refusal": {latchkey.Hooks[harness.Account]{BeforeRegister: func(context.Context, *latchkey.Event[harness.Account]) error { return latchkey.Refuse("CLOSED") }}, registerRoute + "400 CLOSED", false},
		"before, panic":   {latchkey.Hooks[harness.Account]{BeforeRegister: func(context.Context, *latchkey.Event[harness.Account]) error { panic(broken) }}, registerRoute + "500", false},
		"after, panic":    {latchkey.Hooks[harness.Account]{AfterRegister: func(context.Context, latchkey.Event[harness.Account]) { panic(broken) }}, registerRoute + "201", true},
	} {
		harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.Hooks = c.hooks },
			func(t *testing.T, a *harness.App) {
				a.Want(t, c.line, harness.Case("G20 a registration whose hook fails, "+name), registration("g20@example.org"))
				_, err := a.Manager().FindByEmail(t.Context(), "g20@example.org")
				if kept := err == nil; kept != c.kept {
					t.Errorf("G20 %s: the account is kept: %v, want %v", name, kept, c.kept)
				}
				if c.kept {
					a.Want(t, "POST /auth/jwt/login 200 (twin, a whole account)",
						harness.LoginForm("g20@example.org", harness.Password))
				}
			})
	}
}
