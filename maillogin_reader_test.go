package latchkey_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// reader is a browser at the backend web, or a client at api. Each request
// comes from another network, unless from is its address.
type reader struct {
	*mailApp
	from    string
	backend string
	cookies map[string]string
	token   string
	flow    string // of its last request for a mail
	pending string
}

func (a *mailApp) reader(backend string) *reader {
	return &reader{mailApp: a, backend: backend, cookies: map[string]string{}}
}

// at returns the reader, all of whose requests come from an address.
func (v *reader) at(from string) *reader {
	v.from = from
	return v
}

// reply is a response.
type reply struct {
	status int
	body   string
	header http.Header
}

func (w reply) String() string { return fmt.Sprint(w.status, " ", w.body) }

// request makes one that sends what the reader has.
func (v *reader) request(method, path, body string) *http.Request {
	r := httptest.NewRequestWithContext(v.t.Context(), method, "https://app.example.org"+path, strings.NewReader(body))
	switch {
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	case body != "":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hosts++
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1234", v.hosts>>16, v.hosts>>8&255, v.hosts&255)
	if v.from != "" {
		r.RemoteAddr = v.from + ":1234"
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	return r
}

// do sends a request and keeps what the reply has for the next one.
func (v *reader) do(method, path, body string) reply {
	v.t.Helper()
	w := httptest.NewRecorder()
	v.mux.ServeHTTP(w, v.request(method, path, body))
	var members struct {
		AccessToken string `json:"access_token"`
		Flow        string `json:"flow"`
		Detail      json.RawMessage
	}
	_ = json.Unmarshal(w.Body.Bytes(), &members)
	var detail struct{ Pending string }
	_ = json.Unmarshal(members.Detail, &detail)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range w.Result().Cookies() {
		v.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	if members.AccessToken != "" {
		v.token = members.AccessToken
	}
	if members.Flow != "" {
		v.flow = members.Flow
	}
	if detail.Pending != "" {
		v.pending = detail.Pending
	}
	return reply{w.Code, strings.TrimSpace(w.Body.String()), w.Header()}
}

// post sends members to a route of the reader's backend. A client of the API
// sends the flow and the pending login along, which a browser has in cookies.
func (v *reader) post(route string, members map[string]string) reply {
	v.t.Helper()
	in := map[string]string{}
	if v.backend == "api" && strings.HasSuffix(route, "/confirm") && v.flow != "" {
		in["flow"] = v.flow
	}
	if v.backend == "api" && strings.HasPrefix(route, "/mail") && v.pending != "" {
		in["pending"] = v.pending
	}
	for name, value := range members {
		in[name] = value
	}
	body, err := json.Marshal(in)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(http.MethodPost, "/auth/"+v.backend+route, string(body))
}

// want is post whose reply has a status, and a part in its body.
func (v *reader) want(route string, members map[string]string, status int, part string) reply {
	v.t.Helper()
	got := v.post(route, members)
	if got.status != status || !strings.Contains(got.body, part) {
		v.t.Errorf("POST %s at %s: got %s, want %d %s", route, v.backend, got, status, part)
	}
	return got
}

// asks asks for a mail to log in by, and returns it.
func (v *reader) asks(email string) core.Mail {
	v.t.Helper()
	before := len(v.mailed())
	v.want("/mail-login", map[string]string{"email": email}, http.StatusAccepted, `"expires_in":600`)
	mails := v.mailed()
	if len(mails) != before+1 {
		v.t.Fatalf("%d mails were sent to %s, want 1", len(mails)-before, email)
	}
	return mails[before]
}

// loggedIn is the status of a login's reply.
func (v *reader) loggedIn() int {
	if v.backend == "api" {
		return http.StatusOK
	}
	return http.StatusNoContent
}

// is fails unless the reader is logged in as the user of an address; "" is
// nobody.
func (v *reader) is(email string) {
	v.t.Helper()
	got := v.do(http.MethodGet, "/users/me", "")
	if email == "" && got.status != http.StatusUnauthorized ||
		email != "" && !strings.Contains(got.body, `"email":"`+email+`"`) {
		v.t.Errorf("at %s GET /users/me is %s, want %q", v.backend, got, email)
	}
}

// wrong is another code than the mail's.
func wrong(m core.Mail) string {
	last := m.Code[len(m.Code)-1]
	return m.Code[:len(m.Code)-1] + string('0'+(last-'0'+1)%10)
}

// badCode is the body of every refusal.
const badCode = `{"detail":"MAIL_LOGIN_BAD_CODE"}`

type in = map[string]string
