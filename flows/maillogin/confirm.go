package maillogin

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// confirm answers POST /mail-login/confirm.
func (f Flow) confirm(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	p, err := f.present(ctx, svc, r)
	if err != nil {
		return nil, err
	}
	t, l, err := f.open(ctx, svc, loginPurpose, p)
	var u core.AnyUser
	if err == nil {
		u, err = f.arrive(ctx, svc, t, l, r)
	}
	if err != nil {
		tell(ctx, svc, t, r, err)
		return nil, err
	}
	admission, err := svc.Gate.Admit(ctx, core.Attempt{
		User: u, Proof: proof(svc), Request: r, Backend: svc.Backend.Name, Brief: p.brief,
	})
	if errors.Is(err, core.Refuse(core.CodeLoginBadCredentials)) { // blocked, or logged out everywhere, meanwhile
		err = bad()
	}
	return done(svc, r, admission, err)
}

// mailLoginLink is the answer to a link that is shown before it is confirmed.
// Its name is that of the schema in the API document.
type mailLoginLink struct {
	Email string `json:"email" openapi:"description=The address that the link logs in."`
}

// link answers POST /mail-login/link: whose login a link is. It uses nothing
// up, and needs what a confirmation needs.
func (f Flow) link(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	p, err := f.present(ctx, svc, r)
	if err == nil && p.token == "" {
		err = core.Invalid(core.Missing("token"))
	}
	if err != nil {
		return nil, err
	}
	p.looks = true
	t, l, err := f.open(ctx, svc, loginPurpose, p)
	if err != nil {
		return nil, err
	}
	answer := mailLoginLink{Email: l.Address}
	if t.UserID != "" {
		u, err := svc.Users.Find(ctx, core.ByID(t.UserID))
		if err == nil && !matches(svc, t, u.Base()) {
			err = core.ErrUsed
		}
		if err != nil {
			return nil, notOpen(err)
		}
		answer.Email = u.Base().Email
	}
	return core.JSON(http.StatusOK, answer)
}

// confirmFactor answers POST /mail/confirm.
func (f Flow) confirmFactor(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	p, err := f.present(ctx, svc, r)
	if err != nil {
		return nil, err
	}
	login, err := waiting(ctx, svc, p.pending, r)
	if err != nil {
		return nil, err
	}
	admission, err := svc.Gate.Continue(ctx, p.pending, r, f.proving(svc, factorPurpose, login.ID, p, r))
	return done(svc, r, admission, err)
}

// confirmProof answers POST /prove/mail/confirm.
func (f Flow) confirmProof(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	p, err := f.present(ctx, svc, r)
	if err != nil {
		return nil, err
	}
	admission, err := svc.Gate.Prove(ctx, r, f.proving(svc, provePurpose, "", p, r))
	return done(svc, r, admission, err)
}

// proving proves a user by a mail that they were sent for the same purpose and
// the same pending login.
func (f Flow) proving(svc *core.Services, purpose, login string, p presented, r *core.Request) core.Prove {
	return func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		t, l, err := f.open(ctx, svc, purpose, p)
		if err == nil && (l.Login != login || t.UserID != u.Base().ID) {
			err = bad()
		}
		if err == nil {
			var now core.AnyUser
			if now, err = spend(ctx, svc, t, false, r); err == nil {
				u.Base().IsVerified = now.Base().IsVerified
			}
		}
		if isBad(err) {
			e := refused(svc)
			e.User, e.Request = u, r
			svc.Events.Raise(ctx, e)
		}
		return proof(svc), err
	}
}

// done drops the browser's flows with the answer.
func done(svc *core.Services, r *core.Request, admission core.Admission, err error) (*core.Response, error) {
	if err != nil {
		return nil, err
	}
	browser{svc.Backend}.release(r, admission.Answer)
	return admission.Answer, nil
}

func proof(svc *core.Services) core.Proof {
	return core.Proof{Method: core.MethodEmail, At: svc.Env.Now()}
}

func isBad(err error) bool { return errors.Is(err, core.Refuse(core.CodeMailLoginBadCode)) }
