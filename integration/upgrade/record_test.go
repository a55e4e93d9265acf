//go:build record

package upgrade_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

// history does what the people of a fixture did. It returns their tokens, by
// the names that the tests use.
func history(t *testing.T, p parts) map[string]string {
	t.Helper()
	a, ctx := newApplication(t, p, recorded), t.Context()
	register := func(email, password string) {
		a.send(t, "POST /auth/register", 201, "",
			fmt.Sprintf(`{"email": %q, "password": %q, "full_name": "O'Brien \\ 日本"}`, email, password))
	}
	register(ada, adasPassword)
	register(grace, "the password before")
	register(alan, alansPassword)
	find := func(email string) *account {
		key, err := latchkey.CanonicalEmail(email)
		if err != nil {
			t.Fatal(err)
		}
		u, err := p.users.Find(ctx, core.ByEmail(key))
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	promote := func(u *account) error {
		u.IsSuperuser, u.IsVerified = true, true
		return nil
	}
	if _, err := p.users.Update(ctx, find(grace).ID, promote); err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{
		"session": a.login(t, "web", ada, adasPassword), "jwt": a.login(t, "api", ada, adasPassword),
		"ended-session": a.login(t, "web", grace, "the password before"), "ended-jwt": a.login(t, "api", grace, "the password before"),
		"deleted-session": a.login(t, "web", alan, alansPassword), "deleted-jwt": a.login(t, "api", alan, alansPassword),
		"deleted-id": find(alan).ID,
	}
	replaceable(t, a, tokens)
	if p.credentials != nil {
		keys(t, a, tokens)
	}
	a.send(t, "POST /auth/forgot-password", 202, "", fmt.Sprintf(`{"email": %q}`, ada))
	tokens["reset"] = a.mail(t).Token
	// A login later, so that only the earlier ones are revoked.
	a.send(t, "PATCH /users/me", 200, a.login(t, "web", grace, "the password before"),
		fmt.Sprintf(`{"password": %q}`, gracesPassword))
	a.send(t, "DELETE /users/"+find(alan).ID, 204, a.login(t, "api", grace, gracesPassword), "")
	for range 5 {
		a.send(t, "POST /auth/web/login", 400, "", "username="+eve+"&password=guess")
	}
	if err := a.auth.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if p.audit != nil {
		all, _, err := p.audit.List(ctx, core.AuditQuery{User: find(grace).ID, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		tokens["records"] = strconv.Itoa(len(all))
	}
	return tokens
}

// replaceable adds refresh tokens: one that was replaced with its successor,
// and another login's.
func replaceable(t *testing.T, a *application, tokens map[string]string) {
	t.Helper()
	_, tokens["replaced"] = a.pair(t, "mobile", ada, adasPassword)
	a.renew(t, 200, tokens["replaced"])
	_, first := a.pair(t, "mobile", ada, adasPassword)
	tokens["refresh"] = a.renew(t, 200, first)
}

// keys adds an API key, and one that was ended.
func keys(t *testing.T, a *application, tokens map[string]string) {
	t.Helper()
	make := func() (key, id string) {
		got := a.send(t, "POST /auth/api-keys", 201, tokens["session"], `{"name": "ci", "scopes": ["read"]}`)
		key, _ = got["key"].(string)
		id, _ = got["id"].(string)
		return key, id
	}
	tokens["key"], _ = make()
	ended, id := make()
	a.send(t, "DELETE /auth/api-keys/"+id, 204, tokens["session"], "")
	tokens["ended-key"] = ended
}

// mail waits for the next mail.
func (a *application) mail(t *testing.T) core.Mail {
	t.Helper()
	select {
	case m := <-a.mails:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no mail came")
		return core.Mail{}
	}
}

// write writes a fixture into the folder LATCHKEY_TEST_RECORD.
func write(t *testing.T, name string, tokens map[string]string, lines ...string) {
	t.Helper()
	var head []string
	for name, token := range tokens {
		head = append(head, "-- "+name+" "+token)
	}
	slices.Sort(head)
	text := strings.Join(append(head, lines...), "\n") + "\n"
	if err := os.WriteFile(filepath.Join(os.Getenv("LATCHKEY_TEST_RECORD"), name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func statement(text string) string { return strings.Join(strings.Fields(text), " ") + ";" }

func TestRecordSQL(t *testing.T) {
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			db, r := k.recorded(t, k.address(t))
			now := func() time.Time { return recorded }
			store, p := migrated(t, db, bunstore.Options{Now: now})
			var lines []string
			for _, definition := range store.Schema() {
				lines = append(lines, statement(definition))
			}
			r.Texts()
			tokens := history(t, p)
			accounts := store.OAuthAccounts()
			for _, u := range k.texts(t, db, 1, "SELECT id FROM latchkey_users WHERE email = '"+grace+"'") {
				linked := &core.OAuthAccount{UserID: u[0], Provider: "acme", Subject: "4711", Email: grace}
				if err := accounts.Create(t.Context(), linked); err != nil {
					t.Fatal(err)
				}
			}
			for _, row := range k.rowsOf(t, db, k.columnsOf(t, db)) {
				lines = append(lines, row+";")
			}
			write(t, name+".sql", tokens, lines...)

			_, _ = store.Sweep(t.Context())
			_, _, _ = p.users.List(t.Context(), core.Query{Email: "a", Limit: 2})
			_, _ = store.Sessions().List(t.Context(), "x")
			var statements []string
			for _, text := range r.Texts() {
				verb, rest, _ := strings.Cut(text, " ")
				own := strings.Contains(strings.ToLower(rest), "quote") || strings.Contains(rest, "email = '") // this file's
				if slices.Contains([]string{"INSERT", "SELECT", "UPDATE", "DELETE", "WITH"}, verb) &&
					strings.Contains(rest, "latchkey_") && !own {
					statements = append(statements, statement(text))
				}
			}
			write(t, name+"-statements.sql", nil, statements...)
		})
	}
}

func TestRecordRedis(t *testing.T) {
	addr := server.Redis(t)
	options := rueidis.ClientOption{InitAddress: []string{addr}}
	store, err := redisstore.New(options, redisstore.Options{Now: func() time.Time { return recorded }})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	users := memstore.NewUsers[account]()
	tokens := history(t, parts{users, store.Sessions(), store.Tickets(), store.Limiter(), nil, nil})
	// The users are in no Redis: their IDs and epochs.
	for name, email := range map[string]string{"ada": ada, "grace": grace} {
		key, _ := latchkey.CanonicalEmail(email)
		u, err := users.Find(t.Context(), core.ByEmail(key))
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = u.ID + " " + string(u.HashedPassword)
	}
	client, err := rueidis.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	names, err := client.Do(t.Context(), client.B().Keys().Pattern("*").Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var lines []string
	for _, key := range names {
		value, err := client.Do(t.Context(), client.B().Dump().Key(key).Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, key+" "+base64.StdEncoding.EncodeToString([]byte(value)))
	}
	write(t, "redis.txt", tokens, lines...)
}

func TestRecordFastAPIUsers(t *testing.T) {
	k := kinds["sqlite"]
	db := fastAPIUsers(t)
	migrated(t, db, bunstore.Options{FastAPIUsers: latchkey.CanonicalEmail})
	var lines []string
	for _, row := range k.texts(t, db, 1, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name") {
		lines = append(lines, statement(row[0]))
	}
	rows := k.rowsOf(t, db, k.columnsOf(t, db))
	slices.Reverse(rows) // users first, as the others refer to them
	for _, row := range rows {
		lines = append(lines, row+";")
	}
	write(t, "fastapi-users.sql", nil, lines...)
}
