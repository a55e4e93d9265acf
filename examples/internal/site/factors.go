package site

import (
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/examples/internal/serve"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
)

// factors returns the flows of second factors, of passkeys, of the login by
// mail, and of mails about such changes, unless they are switched off. Passkeys
// belong to a name: a base URL with an IP address has none.
func (c Config) factors(l serve.Listener) ([]latchkey.Flow, error) {
	if c.noFactors {
		return nil, nil
	}
	flows := []latchkey.Flow{
		totp.Flow{Issuer: "Latchkey example"}, recovery.Flow{}, trusted.Flow{}, maillogin.Flow{SignUp: true},
		notices.Flow{},
	}
	if !l.HasName() {
		return flows, nil
	}
	key, err := hkdf.Key(sha256.New, c.secret, nil, "quickstart passkeys", 32)
	if err != nil {
		return nil, err
	}
	keys, err := passkey.New(passkey.Options{Secret: key, Name: "Latchkey example"})
	return append(flows, keys), err
}

// vault returns the key that seals their secrets.
func (c Config) vault() ([]core.VaultKey, error) {
	// a separate key: c.secret signs JWTs
	key, err := hkdf.Key(sha256.New, c.secret, nil, "quickstart vault", 32)
	return []core.VaultKey{{ID: "1", Secret: key}}, err
}
