package jwt

import (
	"encoding/base64"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// compact is a token of the right shape: three non-empty parts of base64url
// characters (RFC 7515, section 7.1).
type compact struct {
	raw                        string
	header, payload, signature string
}

func split(token string) (c compact, ok bool) {
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" || strings.IndexByte(signature, '.') >= 0 {
		return compact{}, false
	}
	for _, c := range []byte(token) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return compact{}, false
		}
	}
	return compact{token, header, payload, signature}, true
}

// canonical reports whether all parts are spelled as an encoder spells them.
// go-jose ignores the unused bits of a part's last character, so one token
// would have several spellings.
func (c compact) canonical() bool {
	for _, part := range []string{c.header, c.payload, c.signature} {
		last := part[len(part)-1]
		switch len(part) % 4 {
		case 1:
			return false
		case 2: // eight bits in two characters: four are unused
			if strings.IndexByte("AQgw", last) < 0 {
				return false
			}
		case 3: // sixteen bits in three characters: two are unused
			if strings.IndexByte("AEIMQUYcgkosw048", last) < 0 {
				return false
			}
		}
	}
	return true
}

// namedKey returns which key the header names. ok is false if the header holds
// anything but alg, kid and typ, or if typ is not "JWT".
func (c compact) namedKey() (algorithm, id string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(c.header)
	if err != nil {
		return "", "", false
	}
	members, ok := parseObject(string(raw), nil)
	if !ok {
		return "", "", false
	}
	algorithm, id = members.text("alg"), members.text("kid")
	allowed := 2 // alg and typ, both required
	if id != "" {
		allowed = 3
	}
	return algorithm, id, algorithm != "" && members.text("typ") == "JWT" && len(members) == allowed
}

// verified returns the payload if k signed it.
func (c compact) verified(k Key) (payload []byte, ok bool) {
	signed, err := jose.ParseSignedCompact(c.raw, []jose.SignatureAlgorithm{k.algorithm})
	if err != nil {
		return nil, false
	}
	payload, err = signed.Verify(k.public())
	return payload, err == nil
}

// signingInput returns everything but the signature. It identifies a token,
// while a signature may have several forms (ECDSA).
func (c compact) signingInput() string { return c.raw[:len(c.raw)-len(c.signature)-1] }
