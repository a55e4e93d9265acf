package routes_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

const adaID = "42a9302f-5915-44de-aa02-00f5a524e841"

// people are the users of the fixture with their passwords; all were made
// through a FastAPI Users service.
var people = []struct{ email, password, hash string }{
	{"Ada.Lovelace@example.org", "analytical engine 1843", "$2b$"},
	{"grace@example.org", "nanoseconds & compilers", "$2b$"},
	{"edsger@example.org", "goto considered harmful", "$argon2id$"},
	{"barbara@example.org", "substitution principle", "$argon2id$"},
	{"alan@example.org", "on computable numbers", "$argon2id$"},
}

// service is the database of a FastAPI Users service, behind the same
// application as elsewhere, with the default hashers, and the service's own
// access to its tables.
type service struct {
	*harness.App
	db *sql.DB
}

func takeOver(t *testing.T, more ...func(*harness.App, *harness.Options)) service {
	t.Helper()
	fixture, err := os.ReadFile(filepath.Join("..", "..", "testdata", "fastapi-users.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "service.sqlite")
	if err := os.WriteFile(file, fixture, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(t *testing.T, now func() time.Time) harness.Stores {
		return harness.OpenSQLite(t, file, bunstore.Options{FastAPIUsers: latchkey.CanonicalEmail, Now: now})
	}
	a := harness.NewApp(t, harness.OnServeMux, open, func(a *harness.App, o *harness.Options) {
		o.Hashers = nil
		o.Backends[0].Strategy = legacyTokens(t, a)
		for _, f := range more {
			f(a, o)
		}
	})
	db, err := sql.Open("sqlite", bunstore.SQLiteDSN(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return service{a, db}
}

// serviceSecret signed the service's JWTs.
const serviceSecret = "SECRET-SECRET-SECRET-SECRET-SECRET"

func legacyTokens(t *testing.T, a *harness.App) *jwt.Strategy {
	t.Helper()
	ours, err1 := jwt.HS256("ours", harness.Secret)
	theirs, err2 := jwt.InsecureHS256([]byte(serviceSecret))
	tokens, err3 := jwt.New(jwt.Options{Keys: []jwt.Key{ours}, Legacy: &jwt.Legacy{Key: theirs, Backend: "jwt"},
		Now: a.Now})
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	return tokens
}

// sign makes a JWT as the service's PyJWT does.
func sign(secret string, claims harness.Object) string {
	payload, _ := json.Marshal(claims) // a test's own values always marshal
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// reads returns what the service sees of a user: the columns that it has, by
// an e-mail in any letter case.
func (s service) reads(t *testing.T, email string) (id, hash string, active, verified bool) {
	t.Helper()
	err := s.db.QueryRowContext(t.Context(),
		`SELECT id, hashed_password, is_active, is_verified FROM "user" WHERE lower(email) = lower(?)`, email).Scan(&id, &hash, &active, &verified)
	if err != nil {
		t.Fatalf("%s: %v", email, err)
	}
	return id, hash, active, verified
}

// cheaply is for tests in which the service's hashes have no part.
func cheaply(a *harness.App, o *harness.Options) { o.Hashers = []core.Hasher{a.Hasher} }

func TestFastAPIUsersLogIn(t *testing.T) {
	t.Parallel()
	s := takeOver(t)
	for i, p := range people {
		id, before, _, _ := s.reads(t, p.email)
		if !strings.HasPrefix(before, p.hash) {
			t.Fatalf("%s has another hash in the fixture", p.email)
		}
		route := "POST /auth/" + harness.Backends[i%3] + "/login "
		credentials := harness.LoginForm(p.email, p.password)
		if i < 2 {
			s.Want(t, route+"400 LOGIN_BAD_CREDENTIALS ("+p.email+", wrong password)",
				harness.LoginForm(p.email, p.password+" "))
		}
		s.Want(t, route+harness.LoginStatus(harness.Backends[i%3])+" ("+p.email+")", credentials)
		_, after, _, _ := s.reads(t, p.email)
		hasher, err := argon2id.New(argon2id.Options{})
		if err != nil {
			t.Fatal(err)
		}
		now := core.PasswordHash(after)
		switch kept := p.hash == "$argon2id$"; { // findings d2 and d3
		case kept && after != before:
			t.Errorf("%s: the service's argon2id hash, which is stronger, was replaced by %.40s…", p.email, after)
		case !kept && (after == before || !hasher.Knows(now) || hasher.Outdated(now)):
			t.Errorf("%s: the hash %.20s… was not upgraded, it is %.40s…", p.email, before, after)
		}
		got := s.Want(t, "POST /auth/session/login 200 ("+p.email+" again)", credentials)
		mine := harness.Credential("session", got.Member(t, "access_token").(string))
		if me := s.Want(t, "GET /users/me 200", mine).Object(t); me["id"] != id || me["email"] != p.email {
			t.Errorf("got %v", me)
		}
	}
	inactive := harness.LoginForm("inactive@example.org", "nobody home today")
	s.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (inactive)", inactive)
	s.Want(t, "POST /auth/jwt/login 200 (e-mail in other letter case)",
		harness.LoginForm("ADA.lovelace@EXAMPLE.org", people[0].password))
}

func TestFastAPIUsersTokens(t *testing.T) {
	t.Parallel()
	s := takeOver(t)
	soon := s.Now().Add(time.Hour).Unix()
	claims := func(change harness.Object) harness.Object {
		c := harness.Object{"sub": adaID, "aud": []string{"fastapi-users:auth"}, "exp": soon}
		for name, value := range change {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
		return c
	}
	good := sign(serviceSecret, claims(nil))
	accept := func(note, token string) {
		t.Helper()
		got := s.Want(t, "GET /users/me 200 ("+note+")", harness.Credential("jwt", token))
		if got.Member(t, "id") != adaID {
			t.Errorf("got %s", got.Body)
		}
	}
	accept("a JWT of the service", good)
	accept("its audience as a string", sign(serviceSecret, claims(harness.Object{"aud": "fastapi-users:auth"})))
	for note, token := range map[string]string{
		"another secret":         sign(strings.ToLower(serviceSecret), claims(nil)),
		"expired":                sign(serviceSecret, claims(harness.Object{"exp": s.Now().Unix()})),
		"without an end, d7":     sign(serviceSecret, claims(harness.Object{"exp": nil})),
		"for a reset":            sign(serviceSecret, claims(harness.Object{"aud": []string{"fastapi-users:reset"}})),
		"for two audiences":      sign(serviceSecret, claims(harness.Object{"aud": []string{"fastapi-users:auth", "other"}})),
		"without an audience":    sign(serviceSecret, claims(harness.Object{"aud": nil})),
		"our audience":           sign(serviceSecret, claims(harness.Object{"aud": "latchkey:auth"})),
		"an unknown user":        sign(serviceSecret, claims(harness.Object{"sub": harness.NobodyID})),
		"signed by our secret":   sign(string(harness.Secret), claims(nil)),
		"of an inactive user":    sign(serviceSecret, claims(harness.Object{"sub": inactiveID(t, s)})),
		"one letter of it wrong": good[:len(good)-2] + "AA",
	} {
		s.Want(t, "GET /users/me 401 (a JWT of the service: "+note+")", harness.Credential("jwt", token))
	}
	var database string
	if err := s.db.QueryRowContext(t.Context(), "SELECT token FROM accesstoken").Scan(&database); err != nil {
		t.Fatal(err)
	}
	s.Want(t, "GET /users/me 401 (finding d6: a token of the service's database)", harness.Bearer(database))
	if _, err := jwt.InsecureHS256([]byte("SECRET")); err == nil {
		t.Error("finding d7: a secret that anybody could find out is taken")
	}
	s.Want(t, `PATCH /users/me 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}} (a token without proofs)`,
		harness.Credential("jwt", good), harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
	s.Want(t, "PATCH /users/me 200 (a new password raises the epoch)", harness.Credential("jwt", good),
		harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": people[0].password}))
	s.Want(t, "GET /users/me 401 (a JWT of the service, after a change of the password)", harness.Credential("jwt", good))
	s.Want(t, "POST /auth/jwt/login 200 (the new password)", harness.LoginForm(people[0].email, harness.OtherPassword))
}

func inactiveID(t *testing.T, s service) string {
	t.Helper()
	id, _, active, _ := s.reads(t, "inactive@example.org")
	if active {
		t.Fatal("the user is active")
	}
	return id
}

func TestFastAPIUsersServiceGoesOn(t *testing.T) {
	t.Parallel()
	s := takeOver(t)
	read := func(query string) (all []string) {
		t.Helper()
		rows, err := s.db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var one string
			if err := rows.Scan(&one); err != nil {
				t.Fatal(err)
			}
			all = append(all, one)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		return all
	}
	others := `SELECT id || oauth_name || access_token || account_id || user_id FROM oauth_account UNION ALL SELECT token || created_at || user_id FROM accesstoken`
	before := strings.Join(read(others), "\n")

	got := s.Want(t, "POST /auth/register 201", harness.Row,
		harness.JSONObject(harness.Object{"email": "New@example.org", "password": harness.Password}))
	id, hash, active, verified := s.reads(t, "new@EXAMPLE.org")
	if id != got.Member(t, "id") || !strings.HasPrefix(hash, "$argon2id$v=19$") || !active || verified {
		t.Errorf("the service reads %s %.20s active %v verified %v", id, hash, active, verified)
	}

	const insert = `INSERT INTO "user" (email, hashed_password, is_active, is_superuser, is_verified, id) VALUES ('Later@example.org', ?, 1, 0, 0, ?)`
	if _, err := s.db.ExecContext(t.Context(), insert, hash, harness.NobodyID); err != nil {
		t.Fatal(err)
	}
	later := &harness.Account{User: latchkey.User{Email: "Later@example.org"}}
	theirs := s.LogIn(t, "session", later)
	s.Want(t, "GET /users/me 200 (a user whom the service inserts)", theirs)
	s.Want(t, "POST /auth/register 400 REGISTER_USER_ALREADY_EXISTS (a user whom the service inserts)",
		harness.JSONObject(harness.Object{"email": "LATER@example.org", "password": harness.Password}))

	token := s.MailedToken(t, "reset", later)
	if _, err := s.db.ExecContext(t.Context(), `UPDATE "user" SET is_active = 0 WHERE id = ?`,
		harness.NobodyID); err != nil {
		t.Fatal(err)
	}
	s.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (deactivated by the service)",
		harness.LoginForm(later.Email, harness.Password))
	s.Want(t, "GET /users/me 401 (deactivated by the service, which knows no epoch)", theirs)
	s.Want(t, "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN (deactivated by the service)",
		harness.ResetBody(token))
	if _, err := s.db.ExecContext(t.Context(), `UPDATE "user" SET is_active = 1, email = 'Moved@example.org' WHERE id = ?`,
		harness.NobodyID); err != nil {
		t.Fatal(err)
	}
	s.Want(t, "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN (moved by the service)", harness.ResetBody(token))
	s.Want(t, "POST /auth/jwt/login 200 (moved by the service)", harness.LoginForm("moved@example.org", harness.Password))

	mine := harness.Credential("session",
		s.Want(t, "POST /auth/session/login 200", harness.LoginForm("new@example.org", harness.Password)).Member(t,
			"access_token").(string))
	s.Want(t, "PATCH /users/me 200", harness.Row, mine,
		harness.JSONObject(harness.Object{"email": "Newer@example.org", "full_name": "New",
			"password": harness.OtherPassword}))
	if again, newer, _, _ := s.reads(t, "newer@example.org"); again != id || newer == hash ||
		!strings.HasPrefix(newer, "$argon2id$v=19$") {
		t.Errorf("the service reads %s %.20s", again, newer)
	}
	if after := strings.Join(read(others), "\n"); after != before || len(before) == 0 {
		t.Errorf("the service's other rows were\n%s\nand are\n%s", before, after)
	}
}
