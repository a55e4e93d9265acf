package contract_test

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
	*app
	db *sql.DB
}

func takeOver(t *testing.T, more ...func(*app, *options)) service {
	t.Helper()
	fixture, err := os.ReadFile(filepath.Join("..", "testdata", "fastapi-users.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "service.sqlite")
	if err := os.WriteFile(file, fixture, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(t *testing.T, now func() time.Time) stores {
		return onSQLite(t, file, bunstore.Options{FastAPIUsers: latchkey.CanonicalEmail, Now: now})
	}
	a := newApp(t, onServeMux, open, func(a *app, o *options) {
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

func legacyTokens(t *testing.T, a *app) *jwt.Strategy {
	t.Helper()
	ours, err1 := jwt.HS256("ours", secret)
	theirs, err2 := jwt.InsecureHS256([]byte(serviceSecret))
	tokens, err3 := jwt.New(jwt.Options{Keys: []jwt.Key{ours}, Legacy: &jwt.Legacy{Key: theirs, Backend: "jwt"},
		Now: a.Now})
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	return tokens
}

// sign makes a JWT as the service's PyJWT does.
func sign(secret string, claims object) string {
	payload, _ := json.Marshal(claims) // a test's own values always marshal
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// reads returns what the service sees of a user: the columns that it knows, by
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

func TestFastAPIUsersLogIn(t *testing.T) {
	t.Parallel()
	s := takeOver(t)
	for i, p := range people {
		id, before, _, _ := s.reads(t, p.email)
		if !strings.HasPrefix(before, p.hash) {
			t.Fatalf("%s has another hash in the fixture", p.email)
		}
		route := "POST /auth/" + backends[i%3] + "/login "
		credentials := form("username", p.email, "password", p.password)
		if i < 2 {
			s.row(t, route+"400 LOGIN_BAD_CREDENTIALS ("+p.email+", wrong password)",
				form("username", p.email, "password", p.password+" "))
		}
		s.row(t, route+success(backends[i%3])+" ("+p.email+")", credentials)
		_, after, _, _ := s.reads(t, p.email)
		hasher, err := argon2id.New(argon2id.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if ours := core.PasswordHash(after); after == before || !hasher.Knows(ours) || hasher.Outdated(ours) {
			t.Errorf("%s: the hash %.20s… was not upgraded, it is %.40s…", p.email, before, after)
		}
		got := s.row(t, "POST /auth/session/login 200 ("+p.email+" again, by the new hash)", credentials)
		mine := credential("session", got.member(t, "access_token").(string))
		if me := s.want(t, "GET /users/me 200", mine).object(t); me["id"] != id || me["email"] != p.email {
			t.Errorf("got %v", me)
		}
	}
	inactive := form("username", "inactive@example.org", "password", "nobody home today")
	s.row(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (inactive)", inactive)
	s.row(t, "POST /auth/jwt/login 200 (e-mail in other letter case)",
		form("username", "ADA.lovelace@EXAMPLE.org", "password", people[0].password))
}

func TestFastAPIUsersTokens(t *testing.T) {
	t.Parallel()
	s := takeOver(t)
	soon := s.Now().Add(time.Hour).Unix()
	claims := func(change object) object {
		c := object{"sub": adaID, "aud": []string{"fastapi-users:auth"}, "exp": soon}
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
		got := s.row(t, "GET /users/me 200 ("+note+")", credential("jwt", token))
		if got.member(t, "id") != adaID {
			t.Errorf("got %s", got.body)
		}
	}
	accept("a JWT of the service", good)
	accept("its audience as a string", sign(serviceSecret, claims(object{"aud": "fastapi-users:auth"})))
	for note, token := range map[string]string{
		"another secret":         sign(strings.ToLower(serviceSecret), claims(nil)),
		"expired":                sign(serviceSecret, claims(object{"exp": s.Now().Unix()})),
		"without an end":         sign(serviceSecret, claims(object{"exp": nil})),
		"for a reset":            sign(serviceSecret, claims(object{"aud": []string{"fastapi-users:reset"}})),
		"for two audiences":      sign(serviceSecret, claims(object{"aud": []string{"fastapi-users:auth", "other"}})),
		"without an audience":    sign(serviceSecret, claims(object{"aud": nil})),
		"our audience":           sign(serviceSecret, claims(object{"aud": "latchkey:auth"})),
		"an unknown user":        sign(serviceSecret, claims(object{"sub": nobody})),
		"signed by our secret":   sign(string(secret), claims(nil)),
		"of an inactive user":    sign(serviceSecret, claims(object{"sub": inactiveID(t, s)})),
		"one letter of it wrong": good[:len(good)-2] + "AA",
	} {
		s.row(t, "GET /users/me 401 (a JWT of the service: "+note+")", credential("jwt", token))
	}
	s.row(t, `PATCH /users/me 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}} (a token without proofs)`,
		credential("jwt", good), members(object{"password": another}))
	s.row(t, "PATCH /users/me 200 (a new password raises the epoch)", credential("jwt", good),
		members(object{"password": another, "current_password": people[0].password}))
	s.row(t, "GET /users/me 401 (a JWT of the service, after a change of the password)", credential("jwt", good))
	s.row(t, "POST /auth/jwt/login 200 (the new password)", form("username", people[0].email, "password", another))
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

	got := s.row(t, "POST /auth/register 201", members(object{"email": "New@example.org", "password": password}))
	id, hash, active, verified := s.reads(t, "new@EXAMPLE.org")
	if id != got.member(t, "id") || !strings.HasPrefix(hash, "$argon2id$v=19$") || !active || verified {
		t.Errorf("the service reads %s %.20s active %v verified %v", id, hash, active, verified)
	}

	const insert = `INSERT INTO "user" (email, hashed_password, is_active, is_superuser, is_verified, id) VALUES ('Later@example.org', ?, 1, 0, 0, ?)`
	if _, err := s.db.ExecContext(t.Context(), insert, hash, nobody); err != nil {
		t.Fatal(err)
	}
	later := &Account{User: latchkey.User{Email: "Later@example.org"}}
	theirs := s.login(t, "session", later)
	s.row(t, "GET /users/me 200 (a user whom the service inserts)", theirs)
	s.row(t, "POST /auth/register 400 REGISTER_USER_ALREADY_EXISTS (a user whom the service inserts)",
		members(object{"email": "LATER@example.org", "password": password}))

	token := s.asked(t, "reset", later)
	if _, err := s.db.ExecContext(t.Context(), `UPDATE "user" SET is_active = 0 WHERE id = ?`, nobody); err != nil {
		t.Fatal(err)
	}
	s.row(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (deactivated by the service)",
		form("username", later.Email, "password", password))
	s.row(t, "GET /users/me 401 (deactivated by the service, which knows no epoch)", theirs)
	s.row(t, "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN (deactivated by the service)", fresh(token))
	if _, err := s.db.ExecContext(t.Context(), `UPDATE "user" SET is_active = 1, email = 'Moved@example.org' WHERE id = ?`,
		nobody); err != nil {
		t.Fatal(err)
	}
	s.row(t, "POST /auth/reset-password 400 RESET_PASSWORD_BAD_TOKEN (moved by the service)", fresh(token))
	s.row(t, "POST /auth/jwt/login 200 (moved by the service)",
		form("username", "moved@example.org", "password", password))

	mine := credential("session",
		s.want(t, "POST /auth/session/login 200", form("username", "new@example.org", "password", password)).member(t,
			"access_token").(string))
	s.row(t, "PATCH /users/me 200", mine,
		members(object{"email": "Newer@example.org", "full_name": "New", "password": another}))
	if again, newer, _, _ := s.reads(t, "newer@example.org"); again != id || newer == hash ||
		!strings.HasPrefix(newer, "$argon2id$v=19$") {
		t.Errorf("the service reads %s %.20s", again, newer)
	}
	if after := strings.Join(read(others), "\n"); after != before || len(before) == 0 {
		t.Errorf("the service's other rows were\n%s\nand are\n%s", before, after)
	}
}
