package benchmarks

import (
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// BenchmarkRefresh is a login that is renewed by its refresh token, which is
// replaced each time, beside a login whose hash costs nothing: both are
// requests to the routes, with the stores in memory and in PostgreSQL.
func BenchmarkRefresh(b *testing.B) {
	var now atomic.Int64
	now.Store(time.Now().UnixMicro())
	clock := func() time.Time { return time.UnixMicro(now.Load()) }
	db := must[*sql.DB](b)(sql.Open("pgx", server.Postgres(b)))
	b.Cleanup(func() { _ = db.Close() })
	store := must[*sqlstore.Store](b)(sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{Now: clock}))
	users := must[*sqlstore.UserStore[latchkey.User]](b)(sqlstore.Users[latchkey.User](store))
	check(b, store.Migrate(b.Context()))
	memory := newMobile(b, memstore.NewUsers[latchkey.User](), memstore.NewSessions(clock), clock)
	postgres := newMobile(b, users, users.Sessions(), clock)
	// No token is replaced within the grace, which is over each time.
	renew := func(m *mobile) func() error {
		return func() error { now.Add(2 * time.Second.Microseconds()); return m.renew() }
	}
	rounds(b,
		each("memory/login", memory.login), each("memory/refresh", renew(memory)),
		each("PostgreSQL/login", postgres.login), each("PostgreSQL/refresh", renew(postgres)),
	)
}

// free is a hasher that costs nothing.
type free struct{}

func (free) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("free$" + password), nil
}
func (free) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "free$") }
func (free) Outdated(core.PasswordHash) bool { return false }
func (free) Verify(h core.PasswordHash, given string) (bool, error) {
	return string(h) == "free$"+given, nil
}

// mobile is an application whose logins have refresh tokens, and a client.
type mobile struct {
	*http.ServeMux
	token string
}

func newMobile(
	b *testing.B, users core.UserStore[latchkey.User], sessions core.SessionStore, clock func() time.Time,
) *mobile {
	b.Helper()
	key := must[jwt.Key](b)(jwt.HS256("", secret[:]))
	access := must[*jwt.Strategy](b)(jwt.New(jwt.Options{Keys: []jwt.Key{key}, Now: clock, Cache: -1}))
	strategy := must[*refresh.Strategy](b)(refresh.New(sessions, access, refresh.Options{
		Grace: time.Second, MaxPerUser: -1, Now: clock,
	}))
	auth := must[*latchkey.Auth[latchkey.User]](b)(latchkey.New(users, latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{{Name: "mobile", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
		Hashers:  []core.Hasher{free{}}, InsecureNoLimits: true, Log: quiet(), Now: clock,
	}))
	check(b, users.Create(b.Context(), &latchkey.User{
		Email: "ada@example.org", EmailKey: "ada@example.org", HashedPassword: "free$" + password, IsActive: true,
	}))
	m := &mobile{ServeMux: http.NewServeMux()}
	httpauth.Mount(m.ServeMux, "", auth.Login("mobile"))
	check(b, m.login())
	return m
}

func (m *mobile) login() error {
	return m.post("/login", url.Values{"username": {"ada@example.org"}, "password": {password}})
}

func (m *mobile) renew() error { return m.post("/refresh", url.Values{"refresh_token": {m.token}}) }

// post keeps the refresh token of the answer, which must be another one.
func (m *mobile) post(path string, form url.Values) error {
	r := httptest.NewRequest(http.MethodPost, "https://app.example.org"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &answer) != nil || answer.RefreshToken == "" ||
		answer.RefreshToken == m.token {
		return errors.New(w.Body.String())
	}
	m.token = answer.RefreshToken
	return nil
}
