package passkey

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/latchkey-go/latchkey/core"
)

// assertion is a passkey's answer that is to prove something.
type assertion struct {
	purpose, subject string
	verify           protocol.UserVerificationRequirement
	credential       []byte
	// user is whose passkey it must be; nil: it says so itself.
	user    core.AnyUser
	request *core.Request
}

// assert spends the challenge, judges the answer and stores what it changes,
// all of that under the lock of the passkey's row. It returns the user of the
// passkey, also with a refusal where that is known.
func (s *site) assert(ctx context.Context, a assertion) (core.AnyUser, core.Proof, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(a.credential)
	if err != nil {
		return a.user, core.Proof{}, refused(err)
	}
	challenge, err := s.spend(ctx, parsed.Response.CollectedClientData.Challenge, a.purpose, a.subject)
	if err != nil {
		return a.user, core.Proof{}, err
	}
	row, err := s.store.Find(ctx, Kind, keyOf(parsed.RawID))
	if err != nil {
		return a.user, core.Proof{}, unknown(err)
	}
	u, found := a.user, a.user == nil
	if found {
		u, err = s.svc.Users.Find(ctx, core.ByID(row.Owner))
		if err != nil {
			return nil, core.Proof{}, unknown(err)
		}
	}
	if u.Base().ID != row.Owner {
		return u, core.Proof{}, refused(errors.New("passkey: it is another user's"))
	}
	if err := s.use(ctx, a.request, u, row, func(r record) (record, error) {
		return s.party.judge(ownerOf(u), r, found, challenge, a.verify, parsed)
	}); err != nil {
		return u, core.Proof{}, err
	}
	return u, s.proof(parsed.Response.AuthenticatorData.Flags), nil
}

// spend spends the challenge that a client's data has.
func (s *site) spend(ctx context.Context, text, purpose, subject string) ([]byte, error) {
	challenge, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, core.Refuse(core.CodePasskeyBadChallenge)
	}
	of := ceremony{s.svc.Backend.Name, purpose, subject}
	return challenge, s.challenges.spend(ctx, s.svc.Tickets, s.svc.Env.Now(), challenge, of)
}

// use stores what judge makes of a passkey's record, and raises what is to be
// known of it.
func (s *site) use(
	ctx context.Context, r *core.Request, u core.AnyUser, row *core.Credential, judge func(record) (record, error),
) error {
	var before, after record
	var synced error
	_, err := s.store.Update(ctx, Kind, row.Owner, row.ID, func(c *core.Credential) (err error) {
		if before, err = decode(c.Data); err != nil {
			return err
		}
		if !before.of(u.Base()) {
			return core.ErrNotFound
		}
		switch after, err = judge(before); {
		case errors.Is(err, errSynced): // refused, and kept
			synced = err
		case err != nil:
			return err
		default:
			synced, c.Used = nil, s.svc.Env.Now().UTC()
		}
		c.Data, err = after.encode()
		return err
	})
	if err == nil {
		err = synced
	}
	event := core.Event{
		Backend: s.svc.Backend.Name, Method: core.MethodPasskey, User: u, Target: row.ID, Request: r,
	}
	raise := func(kind core.EventKind, code string) {
		event.Kind, event.Code = kind, code
		s.svc.Events.Raise(ctx, event)
	}
	switch {
	case errors.Is(err, errCloned):
		raise(core.EventPasskeyCloned, core.CodePasskeyRefused)
		return refused(err)
	case errors.Is(err, errSynced):
		raise(core.EventPasskeySynced, core.CodePasskeyRefused)
		return refused(err)
	case err != nil:
		return unknown(err)
	}
	if before.Synced != after.Synced {
		raise(core.EventPasskeySynced, "")
	}
	if !rises(before.Count, after.Count) {
		raise(core.EventPasskeyCloned, "")
	}
	return nil
}

// proof is what a good answer has proved.
func (s *site) proof(flags protocol.AuthenticatorFlags) core.Proof {
	p := core.Proof{Method: core.MethodSecurityKey, At: s.svc.Env.Now()}
	if flags.HasUserVerified() {
		p.Method = core.MethodPasskey
	}
	return p
}

// unknown is PASSKEY_UNKNOWN where there is no such row, an answer as it is,
// else a 503.
func unknown(err error) error {
	switch e := (*core.Error)(nil); {
	case errors.Is(err, core.ErrNotFound):
		return core.Refuse(core.CodePasskeyUnknown)
	case errors.As(err, &e):
		return err
	}
	return core.Unavailable(err)
}

// isRefusal reports whether an error says that a passkey proves nothing, and
// with which code. A challenge that has expired is none: pages stay open.
func isRefusal(err error) (code string, _ bool) {
	e := (*core.Error)(nil)
	if !errors.As(err, &e) {
		return "", false
	}
	switch e.Code {
	case core.CodePasskeyUnknown, core.CodePasskeyRefused, core.CodeLoginBadCredentials, core.CodeLoginUserSuspended:
		return e.Code, true
	}
	return e.Code, false
}
