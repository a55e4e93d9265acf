package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238; it is what authenticator apps read
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// What every authenticator app reads: SHA-1, six digits, 30 seconds, a secret
// of 160 bits (RFC 4226, section 4, requirement 6).
const (
	period    = 30 * time.Second
	secretLen = 20
	modulus   = 1_000_000
)

// Code returns the code that an authenticator app shows at a moment for a
// secret in base 32, for tests and for clients that are programs.
func Code(secret string, at time.Time) (string, error) {
	key, err := encoding.DecodeString(secret)
	if err != nil {
		return "", errors.New("totp: the secret is not base 32 without padding")
	}
	return codeAt(key, stepAt(at)), nil
}

// codeAt is the code of a step (RFC 4226, section 5.3).
func codeAt(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // never fails
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", number%modulus)
}

// stepAt is the step of a moment (RFC 6238, section 4.2).
func stepAt(at time.Time) int64 { return at.Unix() / int64(period/time.Second) }

// match returns the step whose code it is, of those within skew of now that are
// later than last; 0 for none. It takes as long for each code.
func match(secret []byte, code string, now time.Time, skew int, last int64) (step int64) {
	for s := stepAt(now) - int64(max(skew, 0)); s <= stepAt(now)+int64(max(skew, 0)); s++ {
		equal := subtle.ConstantTimeCompare([]byte(codeAt(secret, s)), []byte(code)) == 1
		if equal && s > last {
			step = s
		}
	}
	return step
}

// typed returns the six digits of what a person typed, without the blanks and
// the hyphens that apps show between them; "" for anything else.
func typed(code string) string {
	if len(code) > 16 {
		return ""
	}
	code = strings.NewReplacer(" ", "", "-", "").Replace(code)
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

// isIssuer reports whether apps can show an issuer.
func isIssuer(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsAny(s, ":\x00\r\n") && strings.TrimSpace(s) == s
}

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// uri is the otpauth URI that apps read from a QR code (Google Authenticator's
// "Key Uri Format"). account is whose it is, in the app's list.
func uri(issuer, account string, secret []byte) string {
	query := url.Values{"secret": {encoding.EncodeToString(secret)}, "issuer": {issuer}}.Encode()
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	// Apps take a plus sign as it is.
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(query, "+", "%20")
}
