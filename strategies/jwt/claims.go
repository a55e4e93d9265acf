package jwt

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// reserved lists the claims that this package writes or reads. amr and
// auth_time are OpenID Connect's; proved_at lists, in amr's order, when each
// proof was given, so that a guard can check how old one of them is; 0 for one
// that was made elsewhere. scope is that of RFC 9068, section 2.2.3, act that
// of RFC 8693, section 4.1. sid is OpenID Connect's: the ID of a session that
// has several tokens; began is when that session did, as iat is of the token.
var reserved = []string{"sub", "aud", "iss", "iat", "nbf", "exp", "jti", "epoch", "backend", "amr", "auth_time",
	"proved_at", "scope", "org", "act", "brief", "sid", "began"}

// latest is the last second of the year 9999: later times are nonsense, and may
// overflow.
const latest = 253402300799

// write returns the claims of a session's token.
func (s *Strategy) write(session core.Session, tokenID string) map[string]any {
	claims := map[string]any{
		"sub": session.UserID, "aud": s.options.Audience, "jti": tokenID, "backend": session.Backend, "epoch": session.Epoch,
		"iat": session.LastSeen.Unix(), "exp": session.Expires.Unix(),
	}
	if session.ID != tokenID {
		claims["sid"], claims["began"] = session.ID, session.Created.Unix()
	}
	if s.options.Issuer != "" {
		claims["iss"] = s.options.Issuer
	}
	if len(session.Proofs) > 0 {
		methods, times := make([]string, len(session.Proofs)), make([]int64, len(session.Proofs))
		for i, p := range session.Proofs {
			methods[i] = p.Method
			if !p.At.IsZero() {
				times[i] = p.At.Unix()
			}
		}
		claims["amr"], claims["proved_at"] = methods, times
		if at := session.Proved(); !at.IsZero() {
			claims["auth_time"] = at.Unix()
		}
	}
	if session.Scopes != nil {
		claims["scope"] = strings.Join(session.Scopes, " ")
	}
	if session.Organization != "" {
		claims["org"] = session.Organization
	}
	if session.Actor != "" {
		claims["act"] = actor{session.Actor, session.ActorSession, session.ActorEpoch}
	}
	if session.Brief {
		claims["brief"] = true
	}
	return claims
}

// actor is the claim act.
type actor struct {
	Subject string `json:"sub"`
	Session string `json:"sid"`
	Epoch   int64  `json:"epoch"`
}

// unmarkable reports a session whose scopes or actor no claim can hold.
func unmarkable(s *core.Session) error {
	for _, scope := range s.Scopes {
		odd := func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }
		if scope == "" || strings.ContainsFunc(scope, odd) {
			return errors.New("jwt: a scope of the login is no scope-token of RFC 6749")
		}
	}
	for _, text := range []string{s.Organization, s.Actor, s.ActorSession} {
		if text != "" && !storable(text) {
			return errors.New("jwt: the login's organisation or actor is not UTF-8")
		}
	}
	if s.Actor == "" && (s.ActorSession != "" || s.ActorEpoch != 0) {
		return errors.New("jwt: the login has an actor's session without an actor")
	}
	return nil
}

// claims takes typed values out of a verified payload. bad is set by the first
// one that is missing or of another type.
type claims struct {
	object
	bad bool
}

// own reads a token that Issue made. ok is false if a claim is wrong; times are
// not checked here.
func (s *Strategy) own(payload object) (session *core.Session, ok bool) {
	c := claims{object: payload}
	issued := c.time("iat")
	session = &core.Session{
		ID: c.must("jti"), UserID: c.must("sub"), Backend: c.must("backend"), Epoch: c.integer("epoch"), Proofs: c.proofs(),
		Created: issued, LastSeen: issued, Expires: c.time("exp"),
	}
	if c.raw("sid") != "" {
		session.ID, session.Created = c.must("sid"), c.time("began")
	}
	c.marks(session)
	ok = c.audience() == s.options.Audience && (s.options.Issuer == "" || c.text("iss") == s.options.Issuer)
	return session, ok && !c.bad
}

// marks reads what few tokens have.
func (c *claims) marks(session *core.Session) {
	if c.raw("scope") != "" {
		scope, ok := unquote(c.raw("scope"))
		c.bad = c.bad || !ok
		session.Scopes = append([]string{}, strings.Fields(scope)...)
	}
	if c.raw("org") != "" {
		session.Organization = c.must("org")
	}
	if raw := c.raw("act"); raw != "" {
		var by actor
		err := json.Unmarshal([]byte(raw), &by)
		c.bad = c.bad || err != nil || by.Subject == ""
		session.Actor, session.ActorSession, session.ActorEpoch = by.Subject, by.Session, by.Epoch
	}
	if raw := c.raw("brief"); raw != "" {
		c.bad = c.bad || raw != "true"
		session.Brief = true
	}
}

// legacy reads a token that FastAPI Users made.
func (s *Strategy) legacy(payload object, id string) (session *core.Session, ok bool) {
	c := claims{object: payload}
	session = &core.Session{ID: id, UserID: c.must("sub"), Backend: s.options.Legacy.Backend, Expires: c.time("exp")}
	return session, c.audience() == s.options.Legacy.Audience && !c.bad
}

// timely checks exp, iat and nbf against the clock.
func (s *Strategy) timely(payload object, expires time.Time) bool {
	c, now := claims{object: payload}, s.options.Now()
	for _, name := range []string{"iat", "nbf"} {
		if payload.raw(name) != "" && c.time(name).After(now.Add(s.options.Leeway)) {
			return false
		}
	}
	return now.Before(expires) && !c.bad
}

func (c *claims) must(name string) string {
	text := c.text(name)
	c.bad = c.bad || text == ""
	return text
}

func (c *claims) integer(name string) int64 {
	n, ok := integer(c.raw(name))
	c.bad = c.bad || !ok
	return n
}

func (c *claims) time(name string) time.Time {
	seconds := c.integer(name)
	c.bad = c.bad || seconds < 0 || seconds > latest
	return time.Unix(seconds, 0).UTC()
}

// audience returns the only member of aud, or "" if there are several: a token
// that is valid elsewhere too is not ours alone.
func (c *claims) audience() string {
	if one := c.text("aud"); one != "" {
		return one
	}
	if many, ok := c.texts("aud"); ok && len(many) == 1 {
		return many[0]
	}
	return ""
}

func (c *claims) proofs() []core.Proof {
	if c.raw("amr") == "" {
		return nil
	}
	methods, ok := c.texts("amr")
	times, timesOK := c.integers("proved_at")
	if !ok || !timesOK || len(methods) != len(times) || slices.Contains(methods, "") {
		c.bad = true
		return nil
	}
	proofs := make([]core.Proof, len(methods))
	for i := range proofs {
		proofs[i].Method = methods[i]
		if times[i] != 0 { // else it was made elsewhere
			proofs[i].At = time.Unix(times[i], 0).UTC()
		}
	}
	return proofs
}
