package upgrade_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

// TestRedisUpgrade: what the previous release has left in Redis counts, and it
// can read today's sessions.
func TestRedisUpgrade(t *testing.T) {
	for _, release := range releases {
		t.Run(release, func(t *testing.T) { testRedisUpgrade(t, release) })
	}
}

func testRedisUpgrade(t *testing.T, release string) {
	options := rueidis.ClientOption{InitAddress: []string{server.Redis(t)}}
	client, err := rueidis.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	tokens, lines := fixture(t, release, "redis.txt")
	for _, line := range lines {
		key, value, _ := strings.Cut(line, " ")
		dump, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		restore := client.B().Restore().Key(key).Ttl(0).SerializedValue(string(dump)).Build()
		if err := client.Do(t.Context(), restore).Error(); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	formats := formatsOf(t, client)
	store, err := redisstore.New(options, redisstore.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	users := memstore.NewUsers[account]()
	for name, u := range map[string]latchkey.User{
		"ada":   {Email: ada, IsActive: true},
		"grace": {Email: grace, IsActive: true, IsSuperuser: true, IsVerified: true, TokenEpoch: 1},
	} {
		id, hash, _ := strings.Cut(tokens[name], " ")
		u.ID, u.HashedPassword, u.EmailKey = id, core.PasswordHash(hash), strings.ToLower(u.Email)
		if err := users.Create(t.Context(), &account{User: u, FullName: `O'Brien \ 日本`}); err != nil {
			t.Fatal(err)
		}
	}
	p := parts{users, store.Sessions(), store.Tickets(), store.Limiter(), nil, nil}
	a := newApplication(t, p, now)
	a.login(t, "web", ada, adasPassword)
	for _, format := range formatsOf(t, client) {
		if !slices.Contains(formats, format) {
			t.Errorf("a session is stored in the format %q, which the release before does not read", format)
		}
	}
	wantRotations(t, p, tokens["session"])
	wantRenewals(t, a, tokens)
	wantPeople(t, a, tokens)
}

// formatsOf returns the first byte of each session in Redis, which is its
// format.
func formatsOf(t *testing.T, client rueidis.Client) (formats []string) {
	t.Helper()
	names, err := client.Do(t.Context(), client.B().Keys().Pattern("latchkey:session:*").Build()).AsStrSlice()
	if err != nil || len(names) == 0 {
		t.Fatalf("%d sessions, %v", len(names), err)
	}
	for _, name := range names {
		value, err := client.Do(t.Context(), client.B().Get().Key(name).Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		formats = append(formats, value[:1])
	}
	return formats
}
