package latchkey_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Reader is a user type with columns that a form writes as text.
type Reader struct {
	latchkey.User
	Name       string   `json:"name" auth:"register"`
	Newsletter bool     `json:"newsletter" auth:"register"`
	Age        *int     `json:"age" auth:"register"`
	Tags       []string `json:"tags" auth:"register"`
}

// site is an application whose people have a browser without scripts: a cookie
// "web", a bearer-like "api", and every route at its conventional place.
type site struct {
	*latchkey.Auth[Reader]
	t     *testing.T
	mails *letters
	http.Handler
}

func newSite(t *testing.T, change func(*latchkey.Options[Reader])) *site {
	t.Helper()
	s := &site{t: t, mails: &letters{}}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	check(t, err, nil)
	cookies, err := cookie.New(cookie.Options{TrustedOrigins: []string{"https://sibling.example.org"}})
	check(t, err, nil)
	o := latchkey.Options[Reader]{
		Backends: []latchkey.Backend{
			{Name: "web", Transport: cookies, Strategy: sessions}, {Name: "api", Transport: header{}, Strategy: sessions},
		},
		Flows:   []latchkey.Flow{verify.Flow{}, reset.Flow{}},
		Tickets: memstore.NewTickets(nil), Sender: s.mails, BaseURL: "https://app.example.org",
		Hashers: []core.Hasher{fast("new")}, MailDelay: -1,
	}
	if change != nil {
		change(&o)
	}
	s.Auth, err = latchkey.New(memstore.NewUsers[Reader](), o)
	check(t, err, nil)
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", s.API())
	mux.Handle("/plan", httpauth.Require(s, latchkey.LoginPage("/login?from=plan"))(http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the plan") })))
	mux.Handle("/plain", httpauth.Require(s)(http.NotFoundHandler()))
	s.Handler = mux
	t.Cleanup(func() { check(t, s.Close(context.Background()), nil) })
	return s
}

// visitor is a browser at the site. Origin is where its forms stand.
type visitor struct {
	*site
	jar    http.CookieJar
	header http.Header
}

var home = &url.URL{Scheme: "https", Host: "app.example.org"}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	check(s.t, err, nil)
	return &visitor{s, jar, http.Header{
		"Origin": {home.String()}, "Sec-Fetch-Site": {"same-origin"}, "Accept": {"text/html"},
	}}
}

func (v *visitor) send(method, target, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, home.String()+target, strings.NewReader(body))
	maps.Copy(r.Header, v.header)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, c := range v.jar.Cookies(home) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	v.jar.SetCookies(home, w.Result().Cookies())
	return w
}

// post sends a form of name, value pairs.
func (v *visitor) post(target string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.send("POST", target, "application/x-www-form-urlencoded", form.Encode())
}

// lands checks that an answer is a 303 to a page.
func lands(t *testing.T, what string, w *httptest.ResponseRecorder, page string) {
	t.Helper()
	if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != page || w.Body.Len() > 0 {
		t.Errorf("%s: %d to %q %s, want a 303 to %q", what, w.Code, got, w.Body, page)
	}
}

func answers(t *testing.T, what string, w *httptest.ResponseRecorder, status int, part string) {
	t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), part) || w.Header().Get("Location") != "" {
		t.Errorf("%s: %d %v %s, want %d …%s…", what, w.Code, w.Header(), w.Body, status, part)
	}
}

func TestFindings413APersonWithoutScripts(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor()
	lands(t, "a page of who is logged in", v.send("GET", "/plan?year=1&q=a%20b", "", ""),
		"/login?from=plan&next=%2Fplan%3Fyear%3D1%26q%3Da%2520b")
	lands(t, "a registration", v.post("/auth/register", "email", "ada@example.org", "password", password,
		"name", "Ada\r\nLovelace", "newsletter", "on", "age", "36", "tags", "maths\nposts", "is_superuser", "true", "redirect_to", "/welcome"), "/welcome")
	ada, err := s.Manager().FindByEmail(t.Context(), "ada@example.org")
	check(t, err, nil)
	if ada.Name != "Ada\nLovelace" || !ada.Newsletter || ada.Age == nil || *ada.Age != 36 || len(ada.Tags) != 2 ||
		ada.IsSuperuser {
		t.Errorf("the form made %+v", ada)
	}
	lands(t, "a wrong password", v.post("/auth/web/login", "username", "ada@example.org", "password", "wrong",
		"redirect_to", "/plan", "error_to", "/login?next=%2Fplan&error=old"), "/login?error=LOGIN_BAD_CREDENTIALS&next=%2Fplan")
	lands(t, "a login", v.post("/auth/web/login", "username", "ada@example.org", "password", password,
		"redirect_to", "/plan", "error_to", "/login"), "/plan")
	answers(t, "the page", v.send("GET", "/plan", "", ""), 200, "the plan")

	lands(t, "a mail", v.post("/auth/request-verify-token", "email", "ada@example.org", "redirect_to", "/sent"), "/sent")
	check(t, s.Wait(t.Context()), nil)
	token := s.mails.mails[0].Token
	lands(t, "its link", v.post("/auth/verify", "token", token, "redirect_to", "/plan"), "/plan")
	lands(t, "its link again", v.post("/auth/verify", "token", token, "redirect_to", "/plan#top"),
		"/plan?error=VERIFY_USER_ALREADY_VERIFIED#top")

	lands(t, "a logout", v.post("/auth/web/logout", "redirect_to", "/?error=old"), "/")
	lands(t, "a page after it", v.send("GET", "/plan", "", ""), "/login?from=plan&next=%2Fplan")
	lands(t, "a logout of nobody", v.post("/auth/web/logout", "redirect_to", "/"), "/?error=Unauthorized")

	lands(t, "a lost password", v.post("/auth/forgot-password", "email", "Ada@example.org", "redirect_to", "/in"), "/in")
	lands(t, "somebody unknown", v.post("/auth/forgot-password", "email", "eve@example.org", "redirect_to", "/in"), "/in")
	check(t, s.Wait(t.Context()), nil)
	token = s.mails.mails[1].Token
	lands(t, "a weak password", v.post("/auth/reset-password", "token", token, "password", "short", "redirect_to", "/in",
		"error_to", "/reset"), "/reset?error=RESET_PASSWORD_INVALID_PASSWORD&reason=PASSWORD_TOO_SHORT")
	lands(t, "a good one", v.post("/auth/reset-password", "token", token, "password", "another good one", "redirect_to",
		"/login"), "/login")
	lands(t, "a login with it", v.post("/auth/web/login", "username", "ada@example.org", "password", "another good one",
		"redirect_to", "/plan"), "/plan")
}

// A form without redirect_to is answered as the JSON that it stands for.
func TestFormsWithoutAPage(t *testing.T) {
	v := newSite(t, nil).visitor()
	answers(t, "a registration", v.post("/auth/register", "email", "ada@example.org", "password", password, "age", ""),
		201, `"age":null`)
	answers(t, "the same", v.post("/auth/register", "email", "ada@example.org", "password", password, "redirect_to", ""),
		400, core.CodeRegisterUserExists)
	answers(t, "a login", v.post("/auth/web/login", "username", "ada@example.org", "password", password), 204, "")
	answers(t, "an error_to alone", v.post("/auth/web/login", "username", "ada@example.org", "password", "wrong",
		"error_to", "/login"), 400, core.CodeLoginBadCredentials)
	multipart := "--x\r\nContent-Disposition: form-data; name=email\r\n\r\neve@example.org\r\n" +
		"--x\r\nContent-Disposition: form-data; name=password\r\n\r\n" + password + "\r\n" +
		"--x\r\nContent-Disposition: form-data; name=redirect_to\r\n\r\n/in\r\n--x--\r\n"
	lands(t, "multipart", v.send("POST", "/auth/register", "multipart/form-data; boundary=x", multipart), "/in")
	answers(t, "text/plain", v.send("POST", "/auth/register", "text/plain", "email=a"), 415, core.CodeUnsupportedMediaType)
	answers(t, "JSON does not redirect", v.send("POST", "/auth/forgot-password", "application/json",
		`{"email": "ada@example.org", "redirect_to": "/in"}`), 202, "null")
}

func TestFormsSayWhatIsWrong(t *testing.T) {
	v := newSite(t, nil).visitor()
	for page, pairs := range map[string][]string{
		"/r?error=VALIDATION_ERROR&field=email&field=password": {},
		"/r?error=VALIDATION_ERROR&field=email":                {"email", "ada", "password", password},
		"/r?error=VALIDATION_ERROR&field=age":                  {"email", "ada@example.org", "password", password, "age", "old"},
		"/r?error=VALIDATION_ERROR&field=newsletter":           {"email", "ada@example.org", "password", password, "newsletter", "perhaps"},
		"/r?error=VALIDATION_ERROR&field=name":                 {"email", "ada@example.org", "password", password, "name", "a", "name", "b"},
		"/r?error=REGISTER_INVALID_PASSWORD&reason=PASSWORD_TOO_SHORT": {
			"email", "ada@example.org", "password", "short"},
	} {
		lands(t, page, v.post("/auth/register", append(pairs, "redirect_to", "/r")...), page)
	}
	for _, bad := range []string{
		"//evil.example", "https://evil.example/", "/\\evil.example", "\\/evil.example", "login", "/a/../b", "/a//b", "/\tb",
		"/%2e%2e/b", "javascript:alert(1)", " /a", "/é",
	} {
		w := v.post("/auth/register", "email", "ada@example.org", "password", password, "redirect_to", bad)
		answers(t, bad, w, 422, `["body","redirect_to"]`)
		w = v.post("/auth/register", "email", "ada@example.org", "password", password, "redirect_to", "/", "error_to", bad)
		answers(t, bad, w, 422, `["body","error_to"]`)
	}
	answers(t, "two places", v.post("/auth/register", "redirect_to", "/a", "redirect_to", "/b"), 422,
		`["body","redirect_to"]`)
	if _, err := v.Manager().FindByEmail(t.Context(), "ada@example.org"); err == nil {
		t.Error("a refused form has registered somebody")
	}
	large := v.post("/auth/register", "note", strings.Repeat("x", core.MaxBody), "redirect_to", "/")
	answers(t, "a large form", large, 413, core.CodeBodyTooLarge)
}

// A form of another site is refused by every route, and leads nowhere; JSON
// cannot be sent by a form.
func TestFormsOfAnotherSite(t *testing.T) {
	s := newSite(t, nil)
	for _, route := range []string{
		"/auth/register", "/auth/request-verify-token", "/auth/verify", "/auth/forgot-password", "/auth/reset-password",
		"/auth/web/login", "/auth/web/logout",
	} {
		for name, head := range map[string]http.Header{
			"by its Fetch Metadata":  {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
			"by its origin":          {"Origin": {"https://evil.example"}},
			"without a referrer":     {"Origin": {"null"}},
			"of a sibling of no one": {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://other.example.org"}},
		} {
			v := s.visitor()
			v.header = head
			answers(t, route+" "+name, v.post(route, "email", "ada@example.org", "redirect_to", "/"), 403,
				core.CodeCrossOriginRefused)
		}
		v := s.visitor()
		v.header = http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://sibling.example.org"}}
		if w := v.post(route, "redirect_to", "/"); w.Code != 303 {
			t.Errorf("%s: the form of a trusted sibling is %d %s", route, w.Code, w.Body)
		}
	}
	v := s.visitor()
	v.header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://spa.example"}}
	answers(t, "JSON, which CORS guards", v.send("POST", "/auth/forgot-password", "application/json",
		`{"email": "ada@example.org"}`), 202, "null")
}

// Without a backend of cookies the routes of no backend look for themselves.
func TestFormsOfAnotherSiteWithoutCookies(t *testing.T) {
	s := newSite(t, func(o *latchkey.Options[Reader]) { o.Backends = o.Backends[1:] })
	v := s.visitor()
	lands(t, "the twin", v.post("/auth/forgot-password", "email", "ada@example.org", "redirect_to", "/sent"), "/sent")
	v.header = http.Header{"Origin": {"https://evil.example"}}
	answers(t, "another site", v.post("/auth/forgot-password", "email", "ada@example.org", "redirect_to", "/sent"), 403,
		core.CodeCrossOriginRefused)
	w := v.post("/auth/api/login", "username", "ada@example.org", "password", password, "redirect_to", "/in")
	answers(t, "a login whose answer is a token does not redirect", w, 400, core.CodeLoginBadCredentials)
}

// The secret of a pending login is in the cookie, and in no URL.
func TestAFormOfALoginThatNeedsAFactor(t *testing.T) {
	v := newSite(t, func(o *latchkey.Options[Reader]) {
		o.Flows, o.Backends = append(o.Flows, secondFactor{}), o.Backends[:1]
	}).visitor()
	v.post("/auth/register", "email", "ada@example.org", "password", password)
	lands(t, "a login", v.post("/auth/web/login", "username", "ada@example.org", "password", password,
		"redirect_to", "/in", "error_to", "/login"), "/login?error=LOGIN_FACTOR_REQUIRED&factor=second")
	if cookies := v.jar.Cookies(home); len(cookies) != 1 || !strings.HasSuffix(cookies[0].Name, "-pending") {
		t.Errorf("the browser has %v", cookies)
	}
}

func TestLoginPage(t *testing.T) {
	s := newSite(t, nil)
	ask := func(method, target string, header http.Header) *httptest.ResponseRecorder {
		v := s.visitor()
		v.header = header
		return v.send(method, target, "", "")
	}
	html := http.Header{"Accept": {"application/xhtml+xml", "text/html;q=0.9"}}
	lands(t, "HEAD", ask("HEAD", "/plan", html), "/login?from=plan&next=%2Fplan")
	old := http.Header{"Accept": {"text/html"}, "Cookie": {"__Host-latchkey=old"}}
	lands(t, "an invalid cookie", ask("GET", "/plan", old), "/login?from=plan&next=%2Fplan")
	answers(t, "a program", ask("GET", "/plan", http.Header{"Accept": {"application/json"}}), 401, "Unauthorized")
	answers(t, "one that says nothing", ask("GET", "/plan", nil), 401, "Unauthorized")
	answers(t, "a form", ask("POST", "/plan", html), 401, "Unauthorized")
	answers(t, "a handler without the guard", ask("GET", "/plain", html), 401, "Unauthorized")
	answers(t, "two credentials", ask("GET", "/plan", http.Header{"Accept": {"text/html"},
		"Cookie": {"__Host-latchkey=a; __Host-latchkey=b"}}), 400, core.CodeDuplicateCredentials)

	for _, bad := range []string{"", "login", "//evil.example", "https://app.example.org/login", "/a/../login"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("LoginPage(%q) does not panic", bad)
				}
			}()
			latchkey.LoginPage(bad)
		}()
	}
}

// What stood before the path is in next, and what is no path of this site is
// not.
func TestLoginPageBelowAPrefix(t *testing.T) {
	s := newSite(t, nil)
	for target, page := range map[string]string{
		"/app/plan": "/login?from=plan&next=%2Fapp%2Fplan", "/app/plan?a=//b": "/login?from=plan&next=%2Fapp%2Fplan%3Fa%3D%2F%2Fb",
		"/app//plan": "/login?from=plan",
	} {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		r.URL.Path = "/plan" // as http.StripPrefix does
		s.ServeHTTP(w, r)
		lands(t, target, w, page)
	}
}

// A login that must be proved once more is led to the page of the proof, with
// what would do, and back.
func TestProvePage(t *testing.T) {
	clock := testclock.New(time.Now())
	s := newSite(t, func(o *latchkey.Options[Reader]) { o.Now = clock.Now })
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler)
	for path, guard := range map[string]latchkey.Guard{
		"/cancel": latchkey.Fresh(10 * time.Minute), "/vault": latchkey.Factor(0, "totp", "passkey"), "/root": latchkey.Superuser,
	} {
		mux.Handle(path, httpauth.Require(s, guard, latchkey.LoginPage("/login"), latchkey.ProvePage("/prove?a=1"))(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "done") })))
	}
	s.Handler = mux
	v := s.visitor()
	lands(t, "nobody", v.send("GET", "/cancel", "", ""), "/login?next=%2Fcancel")
	v.post("/auth/register", "email", "ada@example.org", "password", password, "name", "Ada")
	answers(t, "a login", v.post("/auth/web/login", "username", "ada@example.org", "password", password), 204, "")
	answers(t, "a fresh login", v.send("GET", "/cancel", "", ""), 200, "done")
	lands(t, "one without a factor", v.send("GET", "/vault?id=1", "", ""),
		"/prove?a=1&methods=totp+passkey&next=%2Fvault%3Fid%3D1")
	answers(t, "another refusal", v.send("GET", "/root", "", ""), 403, "Forbidden")
	clock.Advance(11 * time.Minute)
	lands(t, "an old login", v.send("GET", "/cancel", "", ""), "/prove?a=1&next=%2Fcancel")
	answers(t, "a form", v.send("POST", "/cancel", "", ""), 403, core.CodeProofRequired)
	v.header.Set("Accept", "application/json")
	answers(t, "a program", v.send("GET", "/cancel", "", ""), 403, core.CodeProofRequired)
	defer func() {
		if recover() == nil {
			t.Error("ProvePage of another site does not panic")
		}
	}()
	latchkey.ProvePage("//evil.example")
}

func TestAPI(t *testing.T) {
	got := map[string]string{}
	for _, e := range newSite(t, nil).API() {
		got[e.Name] = e.Method + " " + e.Prefix + e.Pattern
	}
	for name, want := range map[string]string{
		"auth:web.login": "POST /auth/web/login", "auth:api.logout": "POST /auth/api/logout", "register:register": "POST /auth/register",
		"users:user": "GET /users/{id}", "verify:verify": "POST /auth/verify", "reset:forgot_password": "POST /auth/forgot-password",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}
