package jwt_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/internal/canary"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

func TestL11Options(t *testing.T) {
	key := must(jwt.HS256("hs", []byte(canary.Secret+"-and more of it")))
	weak := must(jwt.InsecureHS256([]byte(canary.Secret + "-and more of it")))
	o := jwt.Options{Keys: []jwt.Key{key}, Legacy: &jwt.Legacy{Key: weak, Backend: "api"}}
	for name, problems := range map[string][]string{
		"L11 options":  canary.Options(o, "Audience", "Issuer"),
		"L11 legacy":   canary.Options(*o.Legacy, "Audience", "Backend", "Key"),
		"L11 key":      canary.Value(key, canary.Secret),
		"L11 weak key": canary.Value(weak, canary.Secret),
		"L11 strategy": canary.Value(newStrategy(t, o), canary.Secret),
		"L11 asymmetric": canary.Value(must(jwt.RS256("rs", rsaKey())), rsaKey().D.String(), rsaKey().Primes[0].String(),
			string(rsaKey().D.Bytes())),
	} {
		t.Run(name, func(t *testing.T) {
			for _, problem := range problems {
				t.Error(problem)
			}
		})
	}
}
