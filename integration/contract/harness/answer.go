package harness

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Answer is a response, read.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Words returns an error in the words of a line, or the whole body where it
// does not have the contract's form. Of an answer that is no error it returns
// "".
func (a Answer) Words() string {
	if a.Status < 400 {
		return ""
	}
	if both := withWord.FindStringSubmatch(a.Body); both != nil && core.OAuthError(both[1]) == both[2] {
		return both[1]
	}
	detail := strings.TrimSuffix(strings.TrimPrefix(a.Body, `{"detail":`), "}")
	var refusal struct{ Code, Reason string }
	var problems []problem
	switch {
	case detail == strconv.Quote(http.StatusText(a.Status)):
		return ""
	case aCode.MatchString(detail) && core.OAuthError(strings.Trim(detail, `"`)) == "":
		return strings.Trim(detail, `"`)
	case StrictJSON(detail, &refusal) && refusal.Reason != "":
		return "{" + refusal.Code + ", reason}"
	case StrictJSON(detail, &problems):
		said := make([]string, len(problems))
		for i, p := range problems {
			said[i] = p.String()
		}
		return strings.Join(said, ", ")
	}
	return a.Body
}

// Outcome returns the status and the words, as in a line: "400 OAUTH_NO_EMAIL".
func (a Answer) Outcome() string { return strings.TrimSpace(strconv.Itoa(a.Status) + " " + a.Words()) }

var (
	aCode = regexp.MustCompile(`^"[A-Z_]+"$`)
	// withWord is an error with its word of OAuth.
	withWord = regexp.MustCompile(`^{"detail":"([A-Z_]+)","error":"([a-z_]+)"}$`)
)

type problem struct {
	Loc       []any
	Msg, Type string
}

// String is the place and the type; an offset in the body is #.
func (p problem) String() string {
	place := make([]string, len(p.Loc))
	for i, step := range p.Loc {
		if place[i] = fmt.Sprint(step); reflect.ValueOf(step).Kind() == reflect.Float64 {
			place[i] = "#"
		}
	}
	if p.Msg == "" {
		return "a problem without a message"
	}
	return strings.Join(place, ".") + " " + p.Type
}

// StrictJSON reports whether text is JSON of v's members and no other.
func StrictJSON(text string, v any) bool {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v) == nil
}

var someSeconds = regexp.MustCompile(`^[1-9][0-9]*$`)

// WantInvariants checks what holds of every answer of a route: caches do not
// keep it, it is JSON, it shows neither a password nor a hash, a 401 has a
// challenge, a 429 or 503 says when to come again, and an error touches no
// cookie but two of one name.
func (a Answer) WantInvariants(t *testing.T, path string) {
	t.Helper()
	if path == "/authenticated-route" && a.Status == http.StatusOK {
		return // the application's own
	}
	wrong := func(is bool, what string) {
		t.Helper()
		if is {
			t.Errorf("%s: %d %s\n%v", what, a.Status, a.Body, a.Header)
		}
	}
	wrong(path != "/auth/jwks.json" && a.Header.Get("Cache-Control") != "no-store", "caches may keep it")
	wrong(a.Body != "" && a.Header.Get("Content-Type") != "application/json", "its type is not JSON")
	wrong(strings.Contains(a.Body, FakeHashPrefix) || strings.Contains(a.Body, "$argon2id$") ||
		strings.Contains(a.Body, "hashed"), "it shows a hash")
	wrong(strings.Contains(a.Body, Password) || strings.Contains(a.Body, OtherPassword), "it shows a password")
	cookies := strings.HasPrefix(path, "/auth/cookie/") // whose routes take no other credential
	wrong(a.Status == http.StatusUnauthorized && !cookies &&
		!strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer"), "there is no challenge")
	later := a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable
	wrong(later && !someSeconds.MatchString(a.Header.Get("Retry-After")), "it does not tell when to come again")
	twice := a.Words() == core.CodeDuplicateCredentials
	wrong(a.Status >= 400 && !twice && len(a.Header["Set-Cookie"]) > 0, "an error touches the cookie")
}

// Object is a JSON object.
type Object = map[string]any

// Object returns the body, which must be an object.
func (a Answer) Object(t *testing.T) (o Object) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), &o); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return o
}

// Member returns one member of the body, which must be an object.
func (a Answer) Member(t *testing.T, name string) any {
	t.Helper()
	return a.Object(t)[name]
}

// WantUser checks that the body is the public form of u, and nothing else.
func (a Answer) WantUser(t *testing.T, u *Account) {
	t.Helper()
	a.wantUser(t, u, Object{})
}

// WantListed checks that the body is u, who is not suspended, as a list of
// administrators has them, and nothing else.
func (a Answer) WantListed(t *testing.T, u *Account) {
	t.Helper()
	a.wantUser(t, u, Object{
		"suspended_until": nil, "suspended_for": nil, "created_at": u.CreatedAt.UTC().Format(time.RFC3339Nano),
	})
}

func (a Answer) wantUser(t *testing.T, u *Account, more Object) {
	t.Helper()
	want := Object{
		"id": u.ID, "email": u.Email, "is_active": u.IsActive, "is_superuser": u.IsSuperuser, "is_verified": u.IsVerified,
		"full_name": u.FullName, "credits": float64(u.Credits),
	}
	maps.Copy(want, more)
	if got := a.Object(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got the user\n%v, want\n%v", got, want)
	}
}

// CookieName is the name of the session's cookie.
const CookieName = "__Host-latchkey"

// Cookie returns the one cookie that the answer sets, beside that of a known
// browser, which must be the session's.
func (a Answer) Cookie(t *testing.T) *http.Cookie {
	t.Helper()
	lines := slices.DeleteFunc(slices.Clone(a.Header["Set-Cookie"]), isKnown)
	if len(lines) != 1 {
		t.Fatalf("got %d Set-Cookie lines, want one: %q", len(lines), lines)
	}
	c, err := http.ParseSetCookie(lines[0])
	if err != nil || c.Name != CookieName {
		t.Fatalf("%v: %s", err, lines[0])
	}
	return c
}

func isKnown(line string) bool { return strings.HasPrefix(line, CookieName+"-known=") }

// Known returns what a known browser keeps by the answer to its login.
func (a Answer) Known(t *testing.T) Option {
	t.Helper()
	at := slices.IndexFunc(a.Header["Set-Cookie"], isKnown)
	if at < 0 {
		t.Fatalf("the browser does not become known: %q", a.Header["Set-Cookie"])
	}
	c, err := http.ParseSetCookie(a.Header["Set-Cookie"][at])
	if err != nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 365*24*60*60 ||
		c.Path != "/" || len(c.Value) != core.SecretLen {
		t.Fatalf("%v: %q", err, a.Header["Set-Cookie"])
	}
	return Header("Cookie", c.Name+"="+c.Value)
}

// WantChallenge checks the WWW-Authenticate lines of a 401.
func (a Answer) WantChallenge(t *testing.T, want string) {
	t.Helper()
	if lines := a.Header["Www-Authenticate"]; len(lines) != 1 || lines[0] != want {
		t.Errorf("the challenge is %q, want %q", lines, want)
	}
}

// DecodeBase64URL decodes base64url without padding.
func DecodeBase64URL(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// WantRetryWithin checks that Retry-After is at most that long.
func (a Answer) WantRetryWithin(t *testing.T, most time.Duration) {
	t.Helper()
	if s, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || s < 1 || time.Duration(s)*time.Second > most {
		t.Errorf("Retry-After is %s, want at most %v", a.Header.Get("Retry-After"), most)
	}
}
