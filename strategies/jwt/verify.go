package jwt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// strict64 decodes base64url in its one canonical spelling: no padding, and no
// unused bits set. It skips line feeds, so its callers have checked for them.
var strict64 = base64.RawURLEncoding.Strict()

// scratch is the memory in which a token is taken apart; nothing of it outlives
// Verify.
type scratch struct {
	token     [MaxToken]byte
	payload   [MaxToken]byte
	signature [1024]byte // RSA's, of 8192 bits
	members   object
	digest    [sha256.Size]byte
}

var scratches = sync.Pool{New: func() any { return &scratch{members: make(object, 0, 16)} }}

// Verify returns the session of a token. The error is core.ErrNoCredential for
// anything but three parts of base64url, and core.ErrInvalid for an otherwise
// invalid token; any other error means that the deny list could not be reached.
func (s *Strategy) Verify(ctx context.Context, token string) (core.Found, error) {
	if len(token) > MaxToken {
		return core.Found{}, core.ErrInvalid
	}
	work := scratches.Get().(*scratch)
	session, err := s.verify(token, work)
	scratches.Put(work)
	if err != nil {
		return core.Found{}, err
	}
	if err := s.denied(ctx, session.ID); err != nil {
		return core.Found{}, err
	}
	return core.Found{Session: session}, nil
}

// verify checks everything that needs no store: the signature first, so that
// nothing unsigned is looked at.
func (s *Strategy) verify(token string, work *scratch) (*core.Session, error) {
	header, _, ok := strings.Cut(token, ".")
	if !ok {
		return nil, core.ErrNoCredential
	}
	check, ours := s.checks[header]
	if !ours && len(s.foreign) == 0 {
		return nil, refusal(token)
	}
	if s.cache == nil {
		return s.read(token, check, work)
	}
	work.digest = sha256.Sum256(work.token[:copy(work.token[:], token)])
	now := s.options.Now()
	asked := now.Sub(s.start)
	if known := s.cache.Find(work.digest, asked); known != nil {
		if !now.Before((*known).Expires) {
			return nil, core.ErrInvalid
		}
		return *known, nil
	}
	generation := s.cache.Generation(work.digest)
	session, err := s.read(token, check, work)
	if err == nil {
		s.cache.Keep(work.digest, session, asked, session.Expires.Sub(now), generation)
	}
	return session, err
}

// read takes a token apart. check belongs to the key whose header the token
// has; it is nil if the header is not ours.
func (s *Strategy) read(token string, check check, work *scratch) (*core.Session, error) {
	if check == nil {
		return s.readForeign(token, work)
	}
	dot := strings.LastIndexByte(token, '.')
	signed := work.token[:copy(work.token[:], token)]
	payload, signature, ok := open(signed, strings.IndexByte(token, '.'), dot, work)
	if !ok {
		return nil, refusal(token)
	}
	if !check(signed[:dot], signature) {
		return nil, core.ErrInvalid
	}
	return s.session(string(payload), work)
}

// open decodes payload and signature, neither of which is trusted yet.
func open(token []byte, first, last int, work *scratch) (payload, signature []byte, ok bool) {
	encoded := token[last+1:]
	if first == last || strict64.DecodedLen(len(encoded)) > len(work.signature) {
		return nil, nil, false
	}
	if bytes.IndexByte(token[first:], '\n') >= 0 || bytes.IndexByte(token[first:], '\r') >= 0 {
		return nil, nil, false
	}
	n, err := strict64.Decode(work.signature[:], encoded)
	if err != nil || n == 0 {
		return nil, nil, false
	}
	m, err := strict64.Decode(work.payload[:], token[first+1:last])
	return work.payload[:m], work.signature[:n], err == nil && m > 0
}

// session reads the claims of a token that one of Options.Keys signed.
func (s *Strategy) session(payload string, work *scratch) (*core.Session, error) {
	members, ok := parseObject(payload, work.members)
	if !ok {
		return nil, core.ErrInvalid
	}
	work.members = members // which may have grown
	session, ok := s.own(members)
	if !ok || !s.timely(members, session.Expires) {
		return nil, core.ErrInvalid
	}
	if s.options.Extra != nil {
		extra, err := s.options.Extra.read([]byte(payload))
		if err != nil {
			return nil, core.ErrInvalid
		}
		session.Extra = extra
	}
	return session, nil
}

// readForeign reads tokens of keys that others sign with too. Their headers are
// spelled differently, so go-jose reads them.
func (s *Strategy) readForeign(token string, work *scratch) (*core.Session, error) {
	c, ok := split(token)
	if !ok {
		return nil, core.ErrNoCredential
	}
	if !c.canonical() {
		return nil, core.ErrInvalid
	}
	algorithm, keyID, ok := c.namedKey()
	key, known := s.foreign[keyID]
	if !ok || !known || algorithm != string(key.algorithm) {
		return nil, core.ErrInvalid
	}
	payload, ok := c.verified(key)
	if !ok {
		return nil, core.ErrInvalid
	}
	if s.options.Legacy == nil || keyID != s.options.Legacy.Key.id {
		return s.session(string(payload), work)
	}
	members, ok := parseObject(string(payload), nil)
	if !ok {
		return nil, core.ErrInvalid
	}
	digest := core.Digest(c.signingInput())
	session, ok := s.legacy(members, hex.EncodeToString(digest[:]))
	if !ok || !s.timely(members, session.Expires) {
		return nil, core.ErrInvalid
	}
	return session, nil
}

// refusal returns core.ErrInvalid for an invalid token and core.ErrNoCredential
// for a credential of another kind.
func refusal(token string) error {
	if _, ok := split(token); ok {
		return core.ErrInvalid
	}
	return core.ErrNoCredential
}
