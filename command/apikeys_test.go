package command_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// stored hides that credentials are kept in memory.
type stored struct{ core.CredentialStore }

// withKeys adds API keys to the shop.
func (s *shop) withKeys(store core.CredentialStore) *apikey.Strategy {
	s.t.Helper()
	keys, err := apikey.New(store, apikey.Options{
		Backend: "keys", Prefix: "shop", Scopes: []string{"read", "write"}, PerUser: 2,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.credentials = store
	s.backends = []latchkey.Backend{{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys}}
	s.flows = append(s.flows, keys.Flow())
	return keys
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	keys := s.withKeys(stored{s.factors})
	s.add("ada@example.org")
	s.run("keys", "list", "ada@example.org").want(0, "ada@example.org has no API key.")
	out := s.runWith("", "keys", "make", "ada@example.org", "--name", "night\x1b[2Jly", "--scope", "write,read",
		"--expires-in", "1h").want(0, "This key acts for ada@example.org with the scopes write read, until 2").out
	token := strings.TrimSpace(strings.Split(out, "\n")[1])
	found, err := keys.Verify(t.Context(), token)
	if err != nil || found.Label != "night\x1b[2Jly" || time.Until(found.Expires) > time.Hour {
		t.Errorf("the key that was printed is %+v, %v", found.Session, err)
	}
	if err := keys.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := s.run("keys", "list", "ada@example.org").want(0, "NAME", `night\u001b[2Jly`, "write read", found.ID,
		token[len(token)-4:])
	if strings.Contains(list.out, token[5:20]) {
		t.Errorf("the list prints the key: %s", list.out)
	}
	var made struct{ ID, Key string }
	as := s.run("keys", "make", "ada@example.org", "--name", "x", "--scope", "read", "--json").
		want(0, `"last_used":null`)
	if err := json.Unmarshal([]byte(as.out), &made); err != nil || !strings.HasPrefix(made.Key, "shop_") {
		t.Errorf("%s, %v", as.out, err)
	}
	s.run("keys", "list", "ada@example.org", "--json").want(0, `"id":"`+made.ID+`"`, `"last_used":"2`)
	s.run("keys", "make", "ada@example.org", "--name", "x", "--scope", "read").want(4, core.CodeAPIKeyLimit)
	s.run("keys", "end", "ada@example.org", made.ID).want(0, "the API key has ended")
	if _, err := keys.Verify(t.Context(), made.Key); err == nil {
		t.Error("the key has not ended")
	}
	s.run("keys", "end", "ada@example.org", made.ID).want(3, "has no API key "+made.ID)
	s.run("keys", "end", "nobody@example.org", made.ID).want(3, "no user")
	for _, wrong := range [][]string{
		{"--scope", "read"}, {"--name", "x"}, {"--name", "x", "--scope", "*"}, {"--name", "x", "--scope", "read,read"},
		{"--name", "x", "--scope", "read", "--expires-in", "-1s"}, {"--name", "x", "--scope", "read", "--expires-in", "8760h"},
	} {
		s.run(append([]string{"keys", "make", "ada@example.org"}, wrong...)...).want(4, "refused: ")
	}
	s.run("keys", "make", "nobody@example.org", "--name", "x", "--scope", "read").want(3)
}

func TestAPIKeysThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add("ada@example.org")
	for _, args := range []string{"list ada@example.org", "make ada@example.org", "end ada@example.org 1"} {
		s.run(append([]string{"keys"}, strings.Fields(args)...)...).want(1, "has no API keys")
	}
	s.withKeys(s.factors)
	s.run("keys", "make", "ada@example.org", "--name", "x", "--scope", "read").want(1, "in its memory")
}
