package site

import (
	"crypto/hkdf"
	"crypto/sha256"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
)

// factors returns the flows of second factors, of the login by mail, and of
// mails about such changes, unless they are switched off.
func (c Config) factors() []latchkey.Flow {
	if c.noFactors {
		return nil
	}
	return []latchkey.Flow{
		totp.Flow{Issuer: "Latchkey example"}, recovery.Flow{}, trusted.Flow{}, maillogin.Flow{SignUp: true},
		notices.Flow{},
	}
}

// vault returns the key that seals their secrets.
func (c Config) vault() ([]core.VaultKey, error) {
	// a separate key: c.secret signs JWTs
	key, err := hkdf.Key(sha256.New, c.secret, nil, "quickstart vault", 32)
	return []core.VaultKey{{ID: "1", Secret: key}}, err
}
