package command_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
)

// enrol adds an authenticator app to a user by the API.
func (s *shop) enrol(email string) {
	s.t.Helper()
	u, err := s.auth.Manager().FindByEmail(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	client := authtest.As(s.t, s.auth, "api", u)
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", s.auth.API())
	begun := client.Do(mux, "POST", "/auth/api/totp/begin", "")
	var b struct{ Enrolment, Secret string }
	if err := json.Unmarshal(begun.Body.Bytes(), &b); err != nil || begun.Code != 200 {
		s.t.Fatalf("%d %s", begun.Code, begun.Body)
	}
	code, err := totp.Code(b.Secret, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	w := client.Do(mux, "POST", "/auth/api/totp/confirm",
		`{"enrolment": "`+b.Enrolment+`", "code": "`+code+`", "label": "phone"}`)
	if w.Code != 200 {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestFactors(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.flows = append(s.flows, totp.Flow{}, recovery.Flow{})
	for _, email := range []string{"ada@example.org", "bob@example.org"} {
		s.add(email)
		s.run("users", "verify", email).want(0)
		s.run("factors", "list", email).want(0, "has no second factor")
		s.enrol(email)
	}
	table := s.run("factors", "list", "ada@example.org").want(0, "KIND", "totp", "phone").out
	id := strings.Fields(strings.Split(table, "\n")[1])[0]
	s.run("factors", "list", "ada@example.org", "--json").want(0, `"kind":"totp"`, `"last_used_at":"2`, id)
	s.run("factors", "remove", "bob@example.org", id).want(3, "has no factor")
	s.run("factors", "remove", "ada@example.org").want(2, "--all")
	s.run("factors", "remove", "ada@example.org", id, "--all").want(2)
	s.run("factors", "remove", "nobody@example.org", id).want(3)

	s.lock("ada@example.org", id)
	if !s.locked("ada@example.org") {
		t.Fatal("the factor is not locked")
	}
	s.run("factors", "unlock", "ada@example.org").want(0, "can use their factors again")
	if s.locked("ada@example.org") {
		t.Error("the factor is still locked")
	}

	s.run("factors", "rekey").want(0, "Everything is sealed")
	s.vault = append([]core.VaultKey{{ID: "new", Secret: authtest.Secret()}}, s.vault...)
	s.run("factors", "rekey", "--json").want(0, `{"resealed":2}`)
	s.vault = []core.VaultKey{{ID: "newer", Secret: authtest.Secret()}}
	s.run("factors", "rekey").want(1, "not sealed with one of these keys")

	s.run("factors", "remove", "ada@example.org", id).want(0, "was removed")
	s.run("factors", "remove", "ada@example.org", id).want(3)
	s.run("factors", "remove", "ada@example.org", "--all").want(0, "had no factor")
	s.run("factors", "remove", "bob@example.org", "--all", "--json").want(0, `"removed":1`)
	s.run("factors", "list", "bob@example.org").want(0, "has no second factor")
}

// lock counts as many wrong codes as lock a factor.
func (s *shop) lock(email, id string) {
	s.t.Helper()
	u, err := s.auth.Manager().FindByEmail(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = s.factors.Update(s.t.Context(), "totp", u.ID, id, func(c *core.Credential) error {
		c.Data = []byte(strings.Replace(string(c.Data), `"f":0`, `"f":100`, 1))
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) locked(email string) bool {
	s.t.Helper()
	u, err := s.auth.Manager().FindByEmail(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	client := authtest.As[account](s.t, s.auth, "api", u)
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", s.auth.API())
	w := client.Do(mux, "POST", "/auth/api/prove/totp", `{"code": "000000"}`)
	return strings.Contains(w.Body.String(), core.CodeFactorLocked)
}
