package latchkey_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

func TestMailLogin(t *testing.T) {
	t.Parallel()
	for _, backend := range both {
		for _, by := range []string{"token", "code"} {
			t.Run(backend+" "+by, func(t *testing.T) {
				t.Parallel()
				a := newMailApp(t, maillogin.Flow{})
				ada := a.member("Ada@example.org")
				v := a.reader(backend)
				mail := v.asks("ada@Example.org")
				if mail.To != "Ada@example.org" || mail.Kind != core.MailLogin || mail.Lifetime != 10*time.Minute ||
					mail.User.(*Member).ID != ada.ID || !regexp.MustCompile(`^[0-9]{8}$`).MatchString(mail.Code) ||
					mail.Link != "https://app.example.org/base/login/mail#token="+mail.Token ||
					!strings.Contains(mail.Client.Label, "Firefox") || !mail.Client.IP.IsValid() {
					t.Errorf("the mail is %#v", mail)
				}
				v.is("")
				v.want("/mail-login/confirm", in{by: map[string]string{"token": mail.Token, "code": mail.Code}[by]},
					v.loggedIn(), "")
				v.is("Ada@example.org")
				living, err := a.Services().Sessions.List(t.Context(), ada.ID)
				if err != nil || len(living) != 1 || len(living[0].Proofs) != 1 || living[0].Proofs[0].Method != "email" ||
					living[0].Backend != backend {
					t.Errorf("the sessions are %+v, %v", living, err)
				}
				if got := a.get(ada.ID); got.HashedPassword == "" || got.TokenEpoch != 0 {
					t.Error("a verified user has lost something")
				}
				again := a.reader(backend) // the same browser, but for the login
				again.flow = v.flow
				again.cookies["__Host-latchkey-mail"] = v.flow
				again.want("/mail-login/confirm", in{"token": mail.Token}, 400, badCode)
				again.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
			})
		}
	}
}

// The secret of a flow is in the reply, and in a browser's cookie that is named
// after the backend's.
func TestMailLoginCookie(t *testing.T) {
	t.Parallel()
	custom := func(o cookie.Options) func(*mailApp, *latchkey.Options[Member]) {
		return func(a *mailApp, options *latchkey.Options[Member]) {
			o.Now = a.clock.Now
			browser, err := cookie.New(o)
			if err != nil {
				t.Fatal(err)
			}
			options.Backends[0].Transport = browser
		}
	}
	acme := cookie.Options{Name: "__Host-acme"}
	for want, change := range map[string]func(*mailApp, *latchkey.Options[Member]){
		"__Host-latchkey-mail=%s; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax": custom(cookie.Options{}),
		"latchkey-mail=%s; Path=/; Max-Age=600; HttpOnly; SameSite=Lax":                custom(cookie.Options{InsecureHTTP: true}),
		"__Host-acme-mail=%s; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax":     custom(acme),
	} {
		a := newMailApp(t, maillogin.Flow{}, change)
		a.member("ada@example.org")
		web, api := a.reader("web"), a.reader("api")
		got := web.want("/mail-login", in{"email": "ada@example.org"}, 202, `"expires_in":600`)
		lines := got.header["Set-Cookie"]
		if len(lines) != 1 || lines[0] != fmt.Sprintf(want, web.flow) || len(web.flow) != 43 {
			t.Errorf("the cookies are %q, want %s", lines, want)
		}
		done := web.want("/mail-login/confirm", in{"code": a.mailed()[0].Code}, 204, "")
		name, _, _ := strings.Cut(want, "=")
		if !slices.ContainsFunc(done.header["Set-Cookie"], func(line string) bool {
			return strings.HasPrefix(line, name+"=;") && strings.Contains(line, "Max-Age=0")
		}) {
			t.Errorf("the login leaves the cookie: %q", done.header["Set-Cookie"])
		}
		if got := api.want("/mail-login", in{"email": "ada@example.org"}, 202, `"flow"`); got.header["Set-Cookie"] != nil {
			t.Errorf("a client of the API gets the cookies %q", got.header["Set-Cookie"])
		}
	}
}

// A link elsewhere is for the code's window, unless the application prefers
// another rule.
func TestMailLoginInAnotherBrowser(t *testing.T) {
	t.Parallel()
	for _, backend := range both {
		a := newMailApp(t, maillogin.Flow{OtherBrowser: maillogin.Confirm, SignUp: true})
		a.member("ada@example.org")
		for _, email := range []string{"ada@example.org", "new@example.org"} {
			v, elsewhere := a.reader(backend), a.reader(backend)
			mail := v.asks(email)
			elsewhere.asks(email) // it has a flow, of another mail
			elsewhere.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
			elsewhere.want("/mail-login/confirm", in{"token": mail.Token[:43] + strings.Repeat("A", 43)}, 400, badCode)
			elsewhere.want("/mail-login/confirm", in{"token": mail.Token[43:]}, 400, badCode)
			elsewhere.want("/mail-login/confirm", in{"token": mail.Token}, elsewhere.loggedIn(), "")
			elsewhere.is(email)
			v.is("")
			v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
		}
	}
}

// People ask again before the first mail has come, and use either.
func TestMailLoginByAnyOfTheLatestMails(t *testing.T) {
	t.Parallel()
	for use := range 3 {
		for _, by := range []string{"token", "code"} {
			a := newMailApp(t, maillogin.Flow{})
			a.member("ada@example.org")
			v := a.reader("web")
			oldest := v.asks("ada@example.org")
			mails := []core.Mail{v.asks("ada@example.org"), v.asks("ada@example.org"), v.asks("ada@example.org")}
			v.want("/mail-login/confirm", in{"token": oldest.Token}, 400, badCode) // three are kept
			m := mails[use]
			v.want("/mail-login/confirm", in{by: map[string]string{"token": m.Token, "code": m.Code}[by]}, 204, "")
			v.is("ada@example.org")
			if held := v.cookies["__Host-latchkey-mail"]; held != "" {
				t.Errorf("the browser keeps %q", held)
			}
		}
	}
}

// A cookie that is none, or twice there, is as good as none.
func TestMailLoginCookiesThatAreNone(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	a.member("ada@example.org")
	v := a.reader("web")
	mail := v.asks("ada@example.org")
	good := v.cookies["__Host-latchkey-mail"]
	for _, value := range []string{"", "x", strings.Repeat(".", 3000), good[:42], strings.Repeat("x.", 20) + good} {
		v.cookies["__Host-latchkey-mail"] = value
		v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
	}
	v.cookies["__Host-latchkey-mail"] = good
	twice := v.request("POST", "/auth/web/mail-login/confirm", `{"code": "`+mail.Code+`"}`)
	twice.Header.Add("Cookie", "__Host-latchkey-mail="+good)
	w := httptest.NewRecorder()
	if v.mux.ServeHTTP(w, twice); w.Code != 400 {
		t.Errorf("two cookies: %d %s", w.Code, w.Body)
	}
	v.cookies["__Host-latchkey-mail"] = "x." + good
	v.want("/mail-login/confirm", in{"code": mail.Code}, 204, "")
}

func TestMailLoginByForms(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, asksPasswords)
	a.member("ada@example.org")
	v := a.reader("web")
	form := func(route, fields, location string) {
		t.Helper()
		if got := v.do("POST", "/auth/web"+route, fields); got.status != 303 || got.header.Get("Location") != location {
			t.Errorf("%s: %s to %q, want %q", route, got, got.header.Get("Location"), location)
		}
	}
	form("/mail-login", "email=ada@example.org&redirect_to=/sent", "/sent")
	form("/mail-login/confirm", "token=&code=1&redirect_to=/home&error_to=/sent", "/sent?error=MAIL_LOGIN_BAD_CODE")
	form("/mail-login/confirm", "token=&code="+a.mailed()[0].Code+"&redirect_to=/home", "/home")
	v.is("ada@example.org")
	form("/prove/mail", "redirect_to=/sent", "/sent")
	form("/prove/mail/confirm", "redirect_to=/home&code="+a.mailed()[1].Code, "/home")
	v = a.reader("web")
	form("/login", "username=ada@example.org&password="+password+"&redirect_to=/home&error_to=/factor",
		"/factor?error=LOGIN_FACTOR_REQUIRED&factor=email")
	form("/mail", "redirect_to=/sent", "/sent")
	form("/mail/confirm", "redirect_to=/home&code="+a.mailed()[2].Code, "/home")
	v.is("ada@example.org")
}

func TestMailLoginBodies(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	v := a.reader("api")
	for body, part := range map[string]string{
		`{}`:                                `["body","code"]`,
		`{"flow": "x", "token": ""}`:        `["body","code"]`,
		`{"token": "x", "code": "1"}`:       `["body","token"]`,
		`{"code": 12345678}`:                `["body","code"]`,
		`{"code": "1", "flow": ["x"]}`:      `["body","flow"]`,
		`{"code": "1", "pending": {"a":1}}`: `["body","pending"]`,
	} {
		if got := v.do("POST", "/auth/api/mail-login/confirm", body); got.status != 422 || !strings.Contains(got.body, part) {
			t.Errorf("%s: %s, want 422 %s", body, got, part)
		}
	}
	if got := v.do("POST", "/auth/api/mail-login/confirm", `{"code": "12345678"}`); got.String() != "400 "+badCode {
		t.Errorf("the twin: %s", got)
	}
}

func TestMailLoginIsRefusedBrokenOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flow   maillogin.Flow
		change func(*latchkey.Options[Member])
		want   string
	}{
		"twin":              {maillogin.Flow{}, nil, ""},
		"no tickets":        {maillogin.Flow{}, func(o *latchkey.Options[Member]) { o.Tickets = nil }, "flow mail-login needs Options.Tickets"},
		"no sender":         {maillogin.Flow{}, func(o *latchkey.Options[Member]) { o.Sender = nil }, "flow mail-login needs Options.Sender"},
		"no base URL":       {maillogin.Flow{}, func(o *latchkey.Options[Member]) { o.BaseURL = "" }, "flow mail-login needs Options.BaseURL"},
		"a mode that is no": {maillogin.Flow{OtherBrowser: 2}, nil, "flow mail-login: OtherBrowser is 2"},
		"a link elsewhere": {maillogin.Flow{}.WithLink("https://evil.example/{token}").(maillogin.Flow), nil,
			"flow mail-login: Link must be a path"},
	} {
		o := options[Member]()
		o.Tickets, o.Sender, o.Flows = memstore.NewTickets(nil), &letters{}, []latchkey.Flow{c.flow}
		o.BaseURL = "https://app.example.org"
		if c.change != nil {
			c.change(&o)
		}
		if got := faults(t, o); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: New says %q, want %q", name, got, c.want)
		}
	}
}

func TestMailLoginWithLink(t *testing.T) {
	t.Parallel()
	before := maillogin.Flow{SignUp: true}
	after, ok := before.WithLink("/login/mail?token={token}").(maillogin.Flow)
	if !ok || !after.SignUp || before.Link != "" {
		t.Errorf("got %+v of %+v", after, before)
	}
	a := newMailApp(t, after)
	mail := a.reader("web").asks("ada@example.org")
	if mail.Link != "https://app.example.org/base/login/mail?token="+mail.Token {
		t.Errorf("the link is %q", mail.Link)
	}
}
