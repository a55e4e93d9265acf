package passkey

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/adding"
)

// registerOptions asks for a new passkey of the current user.
func (s *site) registerOptions(ctx context.Context, r *core.Request) (*core.Response, error) {
	if err := s.limit(ctx, r, "options"); err != nil {
		return nil, err
	}
	c := core.CurrentFrom(ctx)
	return s.offer(ctx, c.User, toRegister, subjectOf(c.Session))
}

// offer returns the options of a registration.
func (s *site) offer(ctx context.Context, u core.AnyUser, purpose, subject string) (*core.Response, error) {
	keys, err := passkeys(ctx, s.store, u)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	if len(keys) >= s.o.MaxPerUser {
		return nil, tooMany()
	}
	challenge, err := s.challenge(purpose, subject)
	if err != nil {
		return nil, err
	}
	options, _, err := s.party.offer(ownerOf(u, keys...), challenge)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return s.options(options.Response)
}

// register stores a new passkey of the current user.
func (s *site) register(ctx context.Context, r *core.Request) (*core.Response, error) {
	in, err := readAnswer(r, false, true)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, r, "answers"); err != nil {
		return nil, err
	}
	c := core.CurrentFrom(ctx)
	row, _, err := s.attested(ctx, c.User, toRegister, subjectOf(c.Session), in)
	if err != nil {
		return nil, err
	}
	err = s.add(ctx, c.User, row, r, func(ctx context.Context, _ *core.Event, create adding.Create) (string, error) {
		return create(ctx, *row, s.o.MaxPerUser)
	})
	if err == nil && !s.svc.Users.Atomic() {
		err = s.confirm(ctx, row)
	}
	switch {
	case errors.Is(err, core.ErrFull):
		return nil, tooMany()
	case errors.Is(err, core.ErrNotFound): // the user was deleted meanwhile
		return nil, core.Unauthorized()
	case err != nil:
		return nil, refusal(err)
	}
	return core.JSON(http.StatusCreated, passkeyRead{row.ID, row.Kind, row.Label, row.Created})
}

// confirm takes back a passkey that was stored without a transaction while the
// login that asked for it ended. That the login now lacks a proof is no such
// end: it may be the new passkey's own.
func (s *site) confirm(ctx context.Context, row *core.Credential) error {
	ended := s.svc.Security.StillLoggedIn(ctx)
	if ended == nil || errors.Is(ended, &core.Error{Status: http.StatusForbidden, Code: core.CodeProofRequired}) {
		return nil
	}
	if err := s.store.Delete(ctx, row.Kind, row.Owner, row.ID); err != nil && !errors.Is(err, core.ErrNotFound) {
		return err
	}
	return ended
}

// enrolOptions asks for the first passkey of a user whose login waits for a
// factor, and who has none.
func (s *site) enrolOptions(ctx context.Context, r *core.Request) (*core.Response, error) {
	pending, err := readPending(r)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, r, "options"); err != nil {
		return nil, err
	}
	p, err := s.enrolling(ctx, pending, r)
	if err != nil {
		return nil, err
	}
	return s.offer(ctx, p.User, toEnrol, p.ID)
}

// enrolling returns the login that waits, if its user may get a passkey in it.
func (s *site) enrolling(ctx context.Context, pending string, r *core.Request) (core.Pending, error) {
	p, err := s.svc.Gate.Peek(ctx, pending, r)
	if err != nil {
		return p, err
	}
	may, err := s.Enrols(ctx, p.User)
	switch {
	case err != nil:
		return p, core.Unavailable(err)
	case p.Enrol != nil && !may:
		return p, &core.Error{Status: http.StatusForbidden, Code: core.CodeFactorUnverified}
	case !slices.Contains(p.Enrol, s.Method()):
		return p, core.Forbidden()
	}
	return p, nil
}

// enrol stores the passkey, ends the user's other logins, since none of them
// has proved it, and goes on with this one.
func (s *site) enrol(ctx context.Context, r *core.Request) (*core.Response, error) {
	in, err := readAnswer(r, true, true)
	if err != nil {
		return nil, err
	}
	if err := s.limit(ctx, r, "answers"); err != nil {
		return nil, err
	}
	p, err := s.enrolling(ctx, in.pending, r)
	if err != nil {
		return nil, err
	}
	prove := func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		row, proof, err := s.attested(ctx, u, toEnrol, p.ID, in)
		if err != nil {
			return core.Proof{}, err
		}
		epoch := u.Base().TokenEpoch
		err = s.add(ctx, u, row, r, func(ctx context.Context, e *core.Event, create adding.Create) (string, error) {
			if _, err := s.svc.Users.Lock(ctx, row.Owner); err != nil {
				return "", err
			}
			if _, err := s.enrolling(ctx, in.pending, r); err != nil { // again, with their row locked
				return "", err
			}
			return s.storeFirst(ctx, row, epoch, e, create)
		})
		if errors.Is(err, core.ErrNotFound) { // the user was deleted meanwhile
			err = core.Refuse(core.CodeLoginBadCredentials)
		}
		return proof, refusal(err)
	}
	admission, err := s.svc.Gate.Continue(ctx, in.pending, r, prove)
	return admission.Answer, err
}

// storeFirst raises a user's epoch and stores their first passkey.
func (s *site) storeFirst(
	ctx context.Context, row *core.Credential, epoch int64, e *core.Event, create adding.Create,
) (id string, err error) {
	// Another user's passkey is refused before the epoch is raised, which
	// stores without transactions do not undo.
	switch _, err := s.svc.Credentials.Find(ctx, row.Kind, row.Key); {
	case err == nil:
		return "", core.ErrTaken
	case !errors.Is(err, core.ErrNotFound):
		return "", err
	}
	now, err := s.svc.Users.Update(ctx, row.Owner, func(u core.AnyUser) error {
		if u.Base().TokenEpoch != epoch { // a twin of this request was faster
			return core.Forbidden()
		}
		was := *u.Base()
		e.Was = &was
		u.Base().TokenEpoch++
		return nil
	})
	if err != nil {
		return "", err
	}
	e.User = now
	id, err = create(ctx, *row, 1) // the last, so that nothing asks that was not finished
	if errors.Is(err, core.ErrFull) {
		err = core.Forbidden()
	}
	return id, err
}

// attested spends the challenge, judges a registration, and returns the row to
// be stored and what the registration itself has proved.
func (s *site) attested(
	ctx context.Context, u core.AnyUser, purpose, subject string, in answer,
) (*core.Credential, core.Proof, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(in.credential)
	if err != nil {
		return nil, core.Proof{}, refused(err)
	}
	challenge, err := s.spend(ctx, parsed.Response.CollectedClientData.Challenge, purpose, subject)
	if err != nil {
		return nil, core.Proof{}, err
	}
	made, err := s.party.accept(ownerOf(u), challenge, parsed)
	if errors.Is(err, errSynced) {
		err = refused(err)
	}
	if err != nil {
		return nil, core.Proof{}, refusal(err)
	}
	if born := u.Base().CreatedAt; !born.IsZero() {
		made.Born = born.UnixMicro()
	}
	data, err := made.encode()
	if err != nil {
		return nil, core.Proof{}, core.Unavailable(err)
	}
	return &core.Credential{
		Owner: u.Base().ID, Kind: Kind, Key: keyOf(made.ID), Label: in.label, Data: data,
		Created: s.svc.Env.Now().UTC().Truncate(time.Microsecond),
	}, s.proof(parsed.Response.AttestationObject.AuthData.Flags), nil
}

// add stores a passkey by do, and brings u up to date. do may run again.
func (s *site) add(
	ctx context.Context, u core.AnyUser, row *core.Credential, r *core.Request,
	do func(context.Context, *core.Event, adding.Create) (string, error),
) error {
	e := &core.Event{
		Kind: core.EventFactorAdded, Backend: s.svc.Backend.Name, Method: core.MethodPasskey, User: u, Request: r,
	}
	commit, err := s.svc.Events.Begin(ctx, e)
	if err != nil {
		return err
	}
	err = adding.Commit(ctx, s.svc, commit, func(ctx context.Context, create adding.Create) (err error) {
		e.Target, err = do(ctx, e, create)
		return err
	})
	if errors.Is(err, core.ErrTaken) {
		return &core.Error{Status: http.StatusConflict, Code: core.CodeFactorExists}
	}
	if err != nil {
		return err
	}
	row.ID = e.Target
	*u.Base() = *e.User.Base()
	return nil
}

func tooMany() error { return &core.Error{Status: http.StatusConflict, Code: core.CodePasskeyTooMany} }

// refusal is err where it is an answer, else a 503; nil for nil.
func refusal(err error) error {
	if e := (*core.Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return core.Unavailable(err)
}
