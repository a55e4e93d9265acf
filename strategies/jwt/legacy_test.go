package jwt_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// What a FastAPI Users service signs, and the secret it signs with.
const (
	fastapiSecret = "SECRET-SECRET-SECRET-SECRET-SECRET"
	fastapiHeader = `{"alg":"HS256","typ":"JWT"}`
	ada           = "5b7f0c1e-41a1-4f0e-9c57-3f2f1f9f8a10"
)

func fastapiClaims(aud string, lifetime time.Duration) string {
	return fmt.Sprintf(`{"sub": %q, "aud": %s, "exp": %d}`, ada, aud, start.Add(lifetime).Unix())
}

func withLegacy(t *testing.T) (*jwt.Strategy, *denyList) {
	list := newDenyList(at(start))
	return newStrategy(t, jwt.Options{Denied: list, Legacy: &jwt.Legacy{
		Key: must(jwt.InsecureHS256([]byte(fastapiSecret))), Backend: "jwt",
	}}), list
}

func TestLegacy(t *testing.T) {
	s, _ := withLegacy(t)
	good := forge(fastapiHeader, fastapiClaims(`["fastapi-users:auth"]`, time.Hour), []byte(fastapiSecret))
	session := accepted(t, s, good)
	want := core.Session{ID: session.ID, UserID: ada, Backend: "jwt", Expires: start.Add(time.Hour).Truncate(time.Second)}
	if got, want := fmt.Sprintf("%+v", *session), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if session.ID == "" || session.ID == good {
		t.Errorf("ID %q", session.ID)
	}
	accepted(t, s, forge(fastapiHeader, fastapiClaims(`"fastapi-users:auth"`, time.Hour), []byte(fastapiSecret)))
	accepted(t, s, issue(t, s))

	for name, token := range map[string]string{
		"J16 reset":             forge(fastapiHeader, fastapiClaims(`"fastapi-users:reset"`, time.Hour), []byte(fastapiSecret)),
		"J16 verify":            forge(fastapiHeader, fastapiClaims(`"fastapi-users:verify"`, time.Hour), []byte(fastapiSecret)),
		"J16 OAuth state":       forge(fastapiHeader, fastapiClaims(`"fastapi-users:oauth-state"`, time.Hour), []byte(fastapiSecret)),
		"J14 several":           forge(fastapiHeader, fastapiClaims(`["fastapi-users:auth","x"]`, time.Hour), []byte(fastapiSecret)),
		"expired":               forge(fastapiHeader, fastapiClaims(`["fastapi-users:auth"]`, 0), []byte(fastapiSecret)),
		"no exp":                forge(fastapiHeader, `{"sub":"x","aud":"fastapi-users:auth"}`, []byte(fastapiSecret)),
		"no typ":                forge(`{"alg":"HS256"}`, fastapiClaims(`["fastapi-users:auth"]`, time.Hour), []byte(fastapiSecret)),
		"our claims, old key":   forge(fastapiHeader, goodClaims, []byte(fastapiSecret)),
		"our kid, old key":      forge(goodHeader, goodClaims, []byte(fastapiSecret)),
		"old claims, our key":   forge(goodHeader, fastapiClaims(`["fastapi-users:auth"]`, time.Hour), goodSecret),
		"our secret without ID": forge(fastapiHeader, fastapiClaims(`["fastapi-users:auth"]`, time.Hour), goodSecret),
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, token) })
	}
	t.Run("not accepted unless asked for", func(t *testing.T) { refused(t, newStrategy(t, jwt.Options{}), good) })
	t.Run("no epoch of its own", func(t *testing.T) {
		claims := fmt.Sprintf(`{"sub":"x","aud":"fastapi-users:auth","exp":%d,"epoch":9,"backend":"web"}`, start.Unix()+60)
		if got := accepted(t, s, forge(fastapiHeader, claims, []byte(fastapiSecret))); got.Epoch != 0 ||
			got.Backend != "jwt" {
			t.Errorf("epoch %d, backend %s", got.Epoch, got.Backend)
		}
	})
	t.Run("logout", func(t *testing.T) {
		if err := s.Revoke(t.Context(), session); err != nil {
			t.Fatal(err)
		}
		refused(t, s, good)
		accepted(t, s, forge(fastapiHeader, fastapiClaims(`["fastapi-users:auth"]`, 2*time.Hour), []byte(fastapiSecret)))
	})
}
