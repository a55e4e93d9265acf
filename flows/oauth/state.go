package oauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// A state is 24 random bytes, the second at which it ends, and a MAC over both:
// whether it is one of ours and still good is known without the browser's
// cookie.
const (
	randomLen = 24
	macStart  = randomLen + 8
	stateLen  = macStart + sha256.Size
)

// record is a flow on its way through the browser, sealed into a cookie.
type record struct {
	Provider   string `json:"p"`
	Backend    string `json:"b,omitempty"` // of a login
	UserID     string `json:"u,omitempty"` // of an association
	Verifier   string `json:"v"`
	Nonce      string `json:"n"`
	Redirect   string `json:"r"`           // the redirect URI
	RedirectTo string `json:"t,omitempty"` // where a browser goes at the end; "" for an answer in JSON
	Challenge  string `json:"c,omitempty"` // of the application that will exchange the code of a redirect
}

// newState makes a state that ends at the given time.
func (e *engine) newState(random io.Reader, ends time.Time) (string, error) {
	b := make([]byte, macStart, stateLen)
	if _, err := io.ReadFull(random, b[:randomLen]); err != nil {
		return "", err
	}
	binary.BigEndian.PutUint64(b[randomLen:], uint64(ends.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(b, e.mac(b)...)), nil
}

func (e *engine) mac(b []byte) []byte {
	h := hmac.New(sha256.New, e.stateKey)
	h.Write(b)
	return h.Sum(nil)
}

// stateEnds returns the end of a state of ours: 400 ACCESS_TOKEN_DECODE_ERROR
// for anything else, ACCESS_TOKEN_ALREADY_EXPIRED after it.
func (e *engine) stateEnds(state string, now time.Time) (time.Time, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(state)
	if err != nil || len(b) != stateLen || len(state) != base64.RawURLEncoding.EncodedLen(stateLen) ||
		!hmac.Equal(b[macStart:], e.mac(b[:macStart])) {
		return time.Time{}, core.Refuse(core.CodeOAuthStateUndecodable)
	}
	ends := time.Unix(int64(binary.BigEndian.Uint64(b[randomLen:macStart])), 0)
	if !now.Before(ends) {
		return time.Time{}, core.Refuse(core.CodeOAuthStateExpired)
	}
	return ends, nil
}

// keep puts the record into the browser.
func (e *engine) keep(resp *core.Response, state string, rec record) error {
	plain, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	e.setCookie(resp, e.cookieName(state), e.cookies.Seal(plain, state), int(e.Lifetime/time.Second))
	return nil
}

// found returns the record of a state from the browser's cookie: 400
// OAUTH_INVALID_STATE if this browser did not begin the flow.
func (e *engine) found(h core.Head, state string) (record, error) {
	sealed, err := core.CookieValue(h, e.cookieName(state))
	if err != nil {
		return record{}, core.Refuse(core.CodeOAuthInvalidState)
	}
	plain, err := e.cookies.Open(sealed, state)
	if err != nil {
		return record{}, core.Refuse(core.CodeOAuthInvalidState)
	}
	var rec record
	if err := json.Unmarshal(plain, &rec); err != nil {
		return record{}, fmt.Errorf("a sealed flow record cannot be read: %w", err)
	}
	return rec, nil
}
