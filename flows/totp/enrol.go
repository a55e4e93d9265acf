package totp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/adding"
	"github.com/latchkey-go/latchkey/internal/naming"
)

const (
	// purpose is that of the ticket of an enrolment, whose Data is the
	// sealed secret.
	purpose  = "totp"
	lifetime = 10 * time.Minute
)

// confirmation is what an app's first code comes with.
type confirmation struct{ enrolment, code, label string }

// begin makes a secret, which waits in a ticket for its first code. A newer one
// replaces it.
func (f Flow) begin(ctx context.Context, svc *core.Services, u core.AnyUser) (*core.Response, error) {
	b := u.Base()
	secret := make([]byte, secretLen)
	if _, err := io.ReadFull(svc.Env.Random, secret); err != nil {
		return nil, core.Unavailable(err)
	}
	raw, digest, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	err = svc.Tickets.Put(ctx, core.Ticket{
		Digest: digest, Purpose: purpose, UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch,
		Data: []byte(f.ring.Seal(secret, place(b.ID))), Expires: svc.Env.Now().Add(lifetime),
	}, true)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return core.JSON(http.StatusOK, begun{
		Enrolment: raw, Secret: encoding.EncodeToString(secret), URI: uri(f.Issuer, naming.Of(u), secret),
		ExpiresIn: int(lifetime / time.Second),
	})
}

// free refuses a user who has the factor, or may not have it.
func (f Flow) free(ctx context.Context, u core.AnyUser) error {
	if !f.mayEnrol(u) {
		return &core.Error{Code: core.CodeFactorUnverified, Status: http.StatusForbidden}
	}
	enrolled, err := f.enrolled(ctx, u)
	if err != nil {
		return core.Unavailable(err)
	}
	if enrolled {
		return exists()
	}
	return nil
}

func exists() error { return &core.Error{Code: core.CodeFactorExists, Status: http.StatusConflict} }

// confirm enrols a user who is logged in.
func (f Flow) confirm(svc *core.Services) handler {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadJSON(r)
		if in == nil {
			return nil, err
		}
		c, problems := readConfirmation(in)
		if err := core.AddProblems(err, problems...); err != nil {
			return nil, err
		}
		keep := core.CurrentFrom(ctx).Session
		admission, err := svc.Gate.Prove(ctx, r, func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
			return f.enrol(ctx, svc, u, c, asking{request: r, keep: keep})
		})
		return admission.Answer, err
	}
}

func readConfirmation(in core.Object) (c confirmation, problems []*core.Problem) {
	var noEnrolment, noCode, badLabel *core.Problem
	c.enrolment, noEnrolment = in.Required("enrolment")
	c.code, noCode = in.Required("code")
	c.label, _, badLabel = in.String("label")
	if len(c.label) > core.CredentialLabelMax {
		bad := core.BadValue("label", "String should have at most 200 bytes")
		badLabel = &bad
	}
	return c, []*core.Problem{noEnrolment, noCode, badLabel}
}

// pendingBegin begins an enrolment inside a pending login.
func (f Flow) pendingBegin(svc *core.Services) handler {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadOptionalJSON(r)
		if in == nil {
			return nil, err
		}
		pending, _, bad := in.String("pending")
		if err := core.AddProblems(err, bad); err != nil {
			return nil, err
		}
		u, err := f.required(ctx, svc, pending, r)
		if err != nil {
			return nil, err
		}
		return f.begin(ctx, svc, u)
	}
}

// required returns the user of a pending login in which they can enrol. One who
// has a factor proves that instead: a stolen password must not add the thief's.
func (f Flow) required(ctx context.Context, svc *core.Services, pending string, r *core.Request) (core.AnyUser, error) {
	p, err := svc.Gate.Peek(ctx, pending, r)
	if err != nil {
		return nil, err
	}
	for _, method := range p.Enrol {
		if method == kind {
			return p.User, nil
		}
	}
	return nil, core.Forbidden()
}

// pendingConfirm enrols a user inside a pending login, which goes on with the
// proof.
func (f Flow) pendingConfirm(svc *core.Services) handler {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadJSON(r)
		if in == nil {
			return nil, err
		}
		pending, _, bad := in.String("pending")
		c, problems := readConfirmation(in)
		if err := core.AddProblems(err, append(problems, bad)...); err != nil {
			return nil, err
		}
		still := func(ctx context.Context) error {
			_, err := f.required(ctx, svc, pending, r)
			return err
		}
		if err := still(ctx); err != nil {
			return nil, err
		}
		admission, err := svc.Gate.Continue(ctx, pending, r, func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
			return f.enrol(ctx, svc, u, c, asking{request: r, still: still})
		})
		return admission.Answer, err
	}
}

// asking is who enrols: in a login, or inside a pending one.
type asking struct {
	request *core.Request
	keep    *core.Session               // which goes on, nil for none
	still   func(context.Context) error // whether they may, with their row locked; nil for yes
}

// enrol stores the factor of an enrolment once its code is right, and raises
// the user's TokenEpoch, which ends their other logins (M10). It brings u up to
// date.
func (f Flow) enrol(
	ctx context.Context, svc *core.Services, u core.AnyUser, c confirmation, by asking,
) (core.Proof, error) {
	data, digest, err := f.tried(ctx, svc, u, c)
	if err != nil {
		return core.Proof{}, err
	}
	b := u.Base()
	made := core.Credential{
		Owner: b.ID, Kind: kind, Key: b.ID, Label: c.label, Created: svc.Env.Now(), Used: svc.Env.Now(),
	}
	if made.Data, err = json.Marshal(data); err != nil {
		return core.Proof{}, err
	}
	e := &core.Event{
		Kind: core.EventFactorAdded, Backend: svc.Backend.Name, Method: kind, User: u, Keep: by.keep, Request: by.request,
		Actor: core.Principal{Kind: "user", UserID: b.ID},
	}
	epoch := b.TokenEpoch
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return core.Proof{}, core.OrUnavailable(err)
	}
	err = adding.Commit(ctx, svc, commit, func(ctx context.Context, create adding.Create) error {
		if by.still != nil {
			if err := by.still(ctx); err != nil {
				return err
			}
		}
		if _, err := svc.Tickets.Consume(ctx, purpose, digest); err != nil {
			return err
		}
		now, err := svc.Users.Update(ctx, b.ID, func(now core.AnyUser) error {
			if now.Base().TokenEpoch != epoch || !f.mayEnrol(now) { // changed since it was read
				return core.ErrInvalid
			}
			was := *now.Base()
			e.Was = &was
			now.Base().TokenEpoch++
			return nil
		})
		if err != nil {
			return err
		}
		e.User = now
		e.Target, err = create(ctx, made, 0) // the last, so that nothing asks that was not finished
		return err
	})
	switch {
	case errors.Is(err, core.ErrTaken):
		return core.Proof{}, exists()
	case errors.Is(err, core.ErrNotFound), errors.Is(err, core.ErrUsed), errors.Is(err, core.ErrInvalid):
		return core.Proof{}, core.Refuse(core.CodeFactorExpired)
	case err != nil:
		return core.Proof{}, core.OrUnavailable(err)
	}
	*b = *e.User.Base()
	return f.proof(svc), nil
}

// tried returns the row of an enrolment whose code is right. The code cannot be
// used again.
func (f Flow) tried(
	ctx context.Context, svc *core.Services, u core.AnyUser, c confirmation,
) (data row, digest [32]byte, err error) {
	digest = core.Digest(c.enrolment)
	b := u.Base()
	t, err := svc.Tickets.Find(ctx, purpose, digest)
	expired := errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed)
	if err != nil && !expired {
		return data, digest, core.Unavailable(err)
	}
	if expired || t.UserID != b.ID || t.Epoch != b.TokenEpoch || t.Email != b.EmailKey {
		return data, digest, core.Refuse(core.CodeFactorExpired)
	}
	secret, err := f.ring.Open(string(t.Data), place(b.ID))
	if err != nil {
		return data, digest, core.Unavailable(err)
	}
	step := match(secret, typed(c.code), svc.Env.Now(), f.Skew, 0)
	if step == 0 {
		return data, digest, core.Refuse(core.CodeFactorBadCode)
	}
	return row{Secret: f.ring.Seal(secret, place(b.ID)), Last: step}, digest, nil
}
