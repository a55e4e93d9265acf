package redisstore_test

import (
	"os"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// open connects a node to the Redis at addr, with small buffers, as each case
// of the kit opens one.
func open(t testing.TB, addr string, o redisstore.Options) *redisstore.Store {
	t.Helper()
	return connect(t, rueidis.ClientOption{InitAddress: []string{addr}, ReadBufferEachConn: 16 << 10,
		WriteBufferEachConn: 16 << 10}, o)
}

func connect(t testing.TB, client rueidis.ClientOption, o redisstore.Options) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(client, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// raw returns a client of the test's own, for looking at what is stored.
func raw(t testing.TB, addr string) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// adas returns a session of ada's that lives for an hour.
func adas(name string) core.Session {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return core.Session{
		ID: name, UserID: "ada", Backend: "web", Label: "Firefox", Epoch: 1,
		Proofs:  []core.Proof{{Method: "password", At: now}},
		Created: now, LastSeen: now, Expires: now.Add(time.Hour),
	}
}

// login creates such a session.
func login(t testing.TB, s *redisstore.Sessions, name string) [32]byte {
	t.Helper()
	d := core.Digest(name)
	if err := s.Create(t.Context(), d, adas(name)); err != nil {
		t.Fatal(err)
	}
	return d
}

// keys returns the keys that match a pattern.
func keys(t testing.TB, client rueidis.Client, pattern string) []string {
	t.Helper()
	names, err := client.Do(t.Context(), client.B().Keys().Pattern(pattern).Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	return names
}
