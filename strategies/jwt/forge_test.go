package jwt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

var encode = base64.RawURLEncoding.EncodeToString

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// The header and claims that a token needs to be accepted by a strategy with
// goodSecret at the time start.
const goodHeader = `{"alg":"HS256","kid":"hs","typ":"JWT"}`

var goodClaims = fmt.Sprintf(`{"sub":"ada","aud":"latchkey:auth","iat":%d,"exp":%d,"jti":"j","epoch":7,"backend":"api"}`,
	start.Unix(), start.Unix()+60)

// forge signs any header and claims with HMAC-SHA-256, whatever the header
// says.
func forge(header, claims string, secret []byte) string {
	input := encode([]byte(header)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}

// with replaces one claim, or adds it; an empty value removes it.
func with(claim, value string) string {
	var claims map[string]json.RawMessage
	if err := json.Unmarshal([]byte(goodClaims), &claims); err != nil {
		panic(err)
	}
	delete(claims, claim)
	if value != "" {
		claims[claim] = json.RawMessage(value)
	}
	var members []string
	for name, v := range claims { // by hand: Marshal would repair what is meant to be broken
		members = append(members, fmt.Sprintf("%q:%s", name, v))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func forgeES256(header, claims string) string {
	input := encode([]byte(header)) + "." + encode([]byte(claims))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, ecdsaKey(), digest[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + encode(signature)
}

func forgePSS(header, claims string, key *rsa.PrivateKey, salt int) string {
	input := encode([]byte(header)) + "." + encode([]byte(claims))
	digest := sha256.Sum256([]byte(input))
	return input + "." + encode(must(rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:],
		&rsa.PSSOptions{SaltLength: salt})))
}

func decode(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	for i, into := range []*map[string]any{&header, &claims} {
		part := must(base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i]))
		if err := json.Unmarshal(part, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// signRaw signs an input whose parts are already encoded.
func signRaw(input string) string {
	mac := hmac.New(sha256.New, goodSecret)
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}

// otherForm replaces the second half s of an ES256 signature with n-s, which
// verifies as well.
func otherForm(token string) string {
	dot := strings.LastIndex(token, ".")
	signature := must(base64.RawURLEncoding.DecodeString(token[dot+1:]))
	n := elliptic.P256().Params().N
	new(big.Int).Sub(n, new(big.Int).SetBytes(signature[32:])).FillBytes(signature[32:])
	return token[:dot+1] + encode(signature)
}

// nextSpelling sets an unused bit of the last character: lax decoders read the
// same bytes.
func nextSpelling(part string) string {
	last := strings.IndexByte(base64url, part[len(part)-1])
	return part[:len(part)-1] + string(base64url[last+1])
}
