package jwt

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/recent"
)

const (
	// checkedAnew is how long a verified signature is cached.
	checkedAnew = 24 * time.Hour
	// briefLifetime bounds the token of a login that ends with the browser.
	briefLifetime = 24 * time.Hour
)

// Strategy issues and verifies JWTs. It is safe for concurrent use.
type Strategy struct {
	options Options
	checks  map[string]check // by the header of the key's tokens
	foreign map[string]Key   // by ID: the keys that others sign with, including Legacy's
	// cache holds valid tokens, so that a costly signature is checked once;
	// nil means that every token is checked each time. An entry only says
	// that the keys of this Strategy signed these claims: time, deny list
	// and epoch are still checked for every request. An invalid token is
	// never cached.
	cache  *recent.Cache[[32]byte, *core.Session]
	start  time.Time // the zero of cache's times
	public []json.RawMessage
	// signer is the first key's Sign. Like the keys it is a function, so
	// that printing a Strategy shows no secret.
	signer func(payload []byte) (*jose.JSONWebSignature, error)
}

var (
	_ core.Strategy  = (*Strategy)(nil)
	_ core.Rechecker = (*Strategy)(nil)
	_ core.KeySet    = (*Strategy)(nil)
	_ core.Lasting   = (*Strategy)(nil)
	_ core.Sweeper   = (*Strategy)(nil)
)

// New returns a strategy. The error joins every problem with the options.
func New(o Options) (*Strategy, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Strategy{options: o, checks: map[string]check{}, foreign: map[string]Key{}}
	for _, k := range o.Keys {
		s.checks[k.protectedHeader()] = k.check()
		if k.private == nil {
			s.foreign[k.id] = k
		}
	}
	if o.Legacy != nil {
		s.foreign[o.Legacy.Key.id] = o.Legacy.Key
	}
	if o.Cache > 0 {
		s.cache, s.start = recent.New[[32]byte, *core.Session](o.Cache, checkedAnew, recent.Digest), o.Now()
	}
	var err error
	if s.signer, err = newSigner(o.Keys[0]); err != nil {
		return nil, err
	}
	if s.public, err = publicKeys(o.Keys); err != nil {
		return nil, err
	}
	return s, nil
}

// Lifetime returns Options.Lifetime. See core.Lasting.
func (s *Strategy) Lifetime() time.Duration { return s.options.Lifetime }

// Issue signs a new token with the first key. If the login's session has an ID,
// the token is one of several of that session: sid is the ID, began its
// Created, and exp not after its Expires. Issue's error is never the user's
// fault: the login has no user or no backend, the extra claims failed, or the
// token would be longer than [MaxToken].
func (s *Strategy) Issue(ctx context.Context, login core.Login) (core.Token, error) {
	session := login.Session
	if !storable(session.UserID) || !storable(session.Backend) {
		return core.Token{}, errors.New("jwt: the login's user ID or backend is empty or not UTF-8")
	}
	if session.ID != "" && !storable(session.ID) {
		return core.Token{}, errors.New("jwt: the ID of the login's session is not UTF-8")
	}
	err := unmarkable(&session)
	if err != nil {
		return core.Token{}, err
	}
	id, err := newID(s.options.Random)
	if err != nil {
		return core.Token{}, fmt.Errorf("jwt: random source: %w", err)
	}
	s.date(&session, id)
	claims := s.write(session, id)
	if s.options.Extra != nil {
		more, err := s.options.Extra.fill(ctx, login)
		if err != nil {
			return core.Token{}, fmt.Errorf("jwt: extra claims: %w", err)
		}
		for name, value := range more {
			claims[name] = value
		}
	}
	raw, err := s.sign(claims)
	return core.Token{Raw: raw, SessionID: session.ID, Expires: session.Expires}, err
}

// date sets the session's ID, unless it has one, and its times. iat is
// LastSeen.
func (s *Strategy) date(session *core.Session, id string) {
	now := s.options.Now()
	if session.Created.IsZero() || session.Created.After(now) { // a step-up makes no login younger
		session.Created = now
	}
	session.Created = session.Created.UTC().Truncate(time.Second)
	lifetime := s.lifetime(session)
	if session.ID == "" {
		session.ID, session.LastSeen = id, session.Created
		session.Expires = session.Created.Add(lifetime)
		return
	}
	session.LastSeen = now.UTC().Truncate(time.Second)
	end := session.LastSeen.Add(lifetime)
	if ends := session.Expires.UTC().Truncate(time.Second); !session.Expires.IsZero() && ends.Before(end) {
		end = ends
	}
	session.Expires = end
}

// lifetime returns how long the token of a session is valid.
func (s *Strategy) lifetime(session *core.Session) time.Duration {
	switch {
	case session.Actor != "":
		return min(s.options.Lifetime, core.ActorLifetime)
	case session.Brief:
		return min(s.options.Lifetime, briefLifetime)
	}
	return s.options.Lifetime
}

func (s *Strategy) sign(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("jwt: encode: %w", err)
	}
	signed, err := s.signer(payload)
	if err != nil {
		return "", fmt.Errorf("jwt: sign: %w", err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("jwt: serialize: %w", err)
	}
	if len(raw) > MaxToken {
		return "", errors.New("jwt: the token is longer than MaxToken; the extra claims are too long")
	}
	return raw, nil
}

// newID returns 128 random bits.
func newID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// storable reports whether s is not empty and survives JSON unchanged.
func storable(s string) bool { return s != "" && utf8.ValidString(s) && !replaced(s) }
