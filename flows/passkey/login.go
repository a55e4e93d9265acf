package passkey

import (
	"context"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/latchkey-go/latchkey/core"
)

// firstOptions asks for any passkey: who has it need not say who they are, and
// the answer says of nobody whether they have one.
func (s *site) firstOptions(ctx context.Context, r *core.Request) (*core.Response, error) {
	if err := s.limit(ctx, r, "options"); err != nil {
		return nil, err
	}
	challenge, err := s.challenge(toLogIn, "")
	if err != nil {
		return nil, err
	}
	options, _, err := s.party.begin(owner{}, challenge, s.party.verification)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return s.options(options.Response)
}

// first logs in the user of a passkey.
func (s *site) first(ctx context.Context, r *core.Request) (*core.Response, error) {
	in, err := readAnswer(r, false, false)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, r, "answers"); err != nil {
		return nil, err
	}
	u, proof, err := s.assert(ctx, assertion{
		purpose: toLogIn, verify: s.party.verification, credential: in.credential, request: r,
	})
	var admission core.Admission
	if err == nil {
		admission, err = s.svc.Gate.Admit(ctx, core.Attempt{
			User: u, Proof: proof, Request: r, Backend: s.svc.Backend.Name, Brief: in.brief,
		})
	}
	if code, is := isRefusal(err); is {
		s.svc.Events.Raise(ctx, core.Event{
			Kind: core.EventLoginFailed, Backend: s.svc.Backend.Name, Method: core.MethodPasskey, Code: code, User: u,
			Request: r,
		})
	}
	return admission.Answer, err
}

// nextOptions asks for one of the passkeys of the user whose login waits.
func (s *site) nextOptions(ctx context.Context, r *core.Request) (*core.Response, error) {
	pending, err := readPending(r)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, r, "options"); err != nil {
		return nil, err
	}
	p, err := s.svc.Gate.Peek(ctx, pending, r)
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, p.User, toContinue, p.ID, s.verify(p.Proofs))
}

// next goes on with a login that waits.
func (s *site) next(ctx context.Context, r *core.Request) (*core.Response, error) {
	in, err := readAnswer(r, true, false)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, r, "answers"); err != nil {
		return nil, err
	}
	p, err := s.svc.Gate.Peek(ctx, in.pending, r)
	if err != nil {
		return nil, err
	}
	prove := func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		return s.again(ctx, u, r, assertion{
			purpose: toContinue, subject: p.ID, verify: s.verify(p.Proofs), credential: in.credential,
		})
	}
	admission, err := s.svc.Gate.Continue(ctx, in.pending, r, prove)
	return admission.Answer, err
}

// proveOptions asks for one of the current user's passkeys.
func (s *site) proveOptions(ctx context.Context, r *core.Request) (*core.Response, error) {
	if err := s.limit(ctx, r, "options"); err != nil {
		return nil, err
	}
	c := core.CurrentFrom(ctx)
	return s.ask(ctx, c.User, toProve, subjectOf(c.Session), s.verify(core.MadeHere(c.Session.Proofs)))
}

// prove adds the proof of a passkey to the current login.
func (s *site) prove(ctx context.Context, r *core.Request) (*core.Response, error) {
	in, err := readAnswer(r, false, false)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, r, "answers"); err != nil {
		return nil, err
	}
	session := core.CurrentFrom(ctx).Session
	admission, err := s.svc.Gate.Prove(ctx, r, func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		return s.again(ctx, u, r, assertion{
			purpose: toProve, subject: subjectOf(session), verify: s.verify(core.MadeHere(session.Proofs)),
			credential: in.credential,
		})
	})
	return admission.Answer, err
}

// subjectOf is what the challenges of a session are bound to: also to its user,
// as a session of a strategy may be without an ID of its own.
func subjectOf(s *core.Session) string { return s.UserID + "\x00" + s.ID }

// ask returns the options for the passkeys of a user: PASSKEY_UNKNOWN where
// there are none.
func (s *site) ask(
	ctx context.Context, u core.AnyUser, purpose, subject string, verify protocol.UserVerificationRequirement,
) (*core.Response, error) {
	keys, err := passkeys(ctx, s.store, u)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	if len(keys) == 0 {
		return nil, core.Refuse(core.CodePasskeyUnknown)
	}
	challenge, err := s.challenge(purpose, subject)
	if err != nil {
		return nil, err
	}
	options, _, err := s.party.begin(ownerOf(u, keys...), challenge, verify)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return s.options(options.Response)
}

// again is assert of a user who has proved something before.
func (s *site) again(ctx context.Context, u core.AnyUser, r *core.Request, a assertion) (core.Proof, error) {
	a.user, a.request = u, r
	_, proof, err := s.assert(ctx, a)
	if code, is := isRefusal(err); is {
		s.svc.Events.Raise(ctx, core.Event{
			Kind: core.EventFactorRefused, Backend: s.svc.Backend.Name, Method: core.MethodPasskey, Code: code, User: u,
			Request: r,
		})
	}
	return proof, err
}

// verify says whether the authenticator must verify the user: it need not where
// presence is enough beside the other proofs. An earlier passkey is none of
// these, for a login that began with a PIN is not renewed by a touch.
func (s *site) verify(done []core.Proof) protocol.UserVerificationRequirement {
	var others []core.Proof
	for _, p := range done {
		if p.Method != core.MethodPasskey {
			others = append(others, p)
		}
	}
	touched := core.AddProof(others, core.Proof{Method: core.MethodSecurityKey, At: s.svc.Env.Now()})
	if s.svc.Security.Strong(touched) {
		return protocol.VerificationPreferred
	}
	return protocol.VerificationRequired
}
