// Package reset is the flow that replaces a forgotten password: POST
// /forgot-password and POST /reset-password.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{reset.Flow{}}, …
//	})
//
// Security notes (OWASP "Forgot Password" cheat sheet). The answer to a request
// is the same whoever asks and whatever exists; ticket and mail are made
// outside the request, and the mail goes to the stored address. A token works
// once, only until a newer one is requested, and dies with the password, the
// e-mail address or the sessions that it was made under. A reset ends every
// session and token of the user and logs nobody in, so a second factor is still
// asked for.
//
// A reset proves the mailbox. Where nobody had proved it before, somebody else
// may have registered the address in advance: whatever beside the password
// opens the account is removed with it. A link that was made for an operator
// ([Flow.MakeLink]) removes it too, and verifies nothing. Where there is no
// address, nobody can have registered it in advance, and everything stays.
package reset

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
	"github.com/latchkey-go/latchkey/internal/passwords"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Flow is the password reset. The zero value is ready.
type Flow struct {
	mailtoken.Options
}

// Name is "reset".
func (Flow) Name() string { return core.MailReset }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// WithLink implements core.Linked: it returns a copy with another Link.
func (f Flow) WithLink(path string) core.Flow {
	f.Link = path
	return f
}

// Routes are the two of the contract's group reset.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.kind().Check(svc); err != nil {
		return nil, err
	}
	return []core.Route{
		{
			Name: "reset:forgot_password", Method: http.MethodPost, Pattern: "/forgot-password", Public: true,
			Forms: true,
			Doc: core.Doc{
				Summary: "Ask for a mail that lets the password be replaced", Status: http.StatusAccepted,
				Answer: json.RawMessage("null"),
				Body: struct {
					Email string `json:"email" openapi:"example=ada@example.org"`
				}{},
				Codes: []string{core.CodeRateLimited},
			},
			Handle: f.kind().Request(svc, wanted(svc), core.EventResetRequested),
		},
		{
			Name: "reset:reset_password", Method: http.MethodPost, Pattern: "/reset-password", Public: true,
			Forms: true,
			Doc: core.Doc{
				Summary: "Replace the password with the token of the mail", Status: http.StatusOK,
				Answer: json.RawMessage("null"),
				Body: struct {
					Token    string `json:"token"`
					Password string `json:"password" openapi:"format=password"`
				}{},
				Codes: []string{core.CodeResetBadToken, core.CodeResetPassword, core.CodeRateLimited},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				in, err := core.ReadStrings(r, "token", "password")
				if err != nil {
					return nil, err
				}
				if err := f.kind().Admit(ctx, svc, r); err != nil {
					return nil, err
				}
				if _, err := f.Reset(ctx, svc, in[0], in[1], r); err != nil {
					return nil, err
				}
				return core.JSON(http.StatusOK, nil)
			},
		},
	}, nil
}

// On mails a link to who has just undone a change of their address (flow
// emailchange): they have no password any more.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	if e.Kind == core.EventEmailUndone {
		f.kind().Send(ctx, svc, e.User, wanted(svc))
	}
}

// Request sends a mail to the active user of that canonical address, if there
// is one. It returns the same whatever is the case; the error is a 503.
func (f Flow) Request(ctx context.Context, svc *core.Services, emailKey string) error {
	return f.kind().Ask(ctx, svc, emailKey, wanted(svc), core.EventResetRequested)
}

// ErrBlocked is MakeLink's error for a user who is inactive or suspended.
var ErrBlocked = errors.New("latchkey: the user is inactive or suspended: a new password would not let them in")

// MakeLink returns a link by which a user sets a password, and when it expires.
// It is for an operator to hand over where no mail can be sent, or nobody could
// read it. It ends the token of an earlier mail or link, as a newer mail would.
// The event is EventResetLink. Its errors: ErrBlocked, a refusal, a 503.
func (f Flow) MakeLink(
	ctx context.Context, svc *core.Services, u core.AnyUser,
) (link string, expires time.Time, err error) {
	if !wanted(svc)(u.Base()) {
		return "", time.Time{}, ErrBlocked
	}
	return f.kind().MakeLink(ctx, svc, u, &core.Event{Kind: core.EventResetLink})
}

// Reset sets a new password with a token, verifies the address that the token
// was sent to, and ends all sessions. Where the address was never verified
// before, it also removes what else opens the account. A token that was not
// sent there (MakeLink) verifies nothing. Refusals:
// RESET_PASSWORD_BAD_TOKEN, then RESET_PASSWORD_INVALID_PASSWORD, which leaves
// the token usable. r is nil outside HTTP.
func (f Flow) Reset(
	ctx context.Context, svc *core.Services, token, password string, r *core.Request,
) (core.AnyUser, error) {
	t, u, used, err := f.kind().Find(ctx, svc, token)
	if err != nil {
		return nil, err
	}
	if u == nil || used || !matches(svc, t, u.Base()) {
		return nil, core.Refuse(core.CodeResetBadToken)
	}
	if err := svc.Passwords.CheckPolicy(ctx, password, u); err != nil {
		return nil, passwords.Refusal(err, core.CodeResetPassword)
	}
	hash, err := svc.Passwords.Hash(ctx, core.AskedAbout(u, r), password)
	if err != nil {
		return nil, passwords.Refusal(err, core.CodeResetPassword)
	}
	e := &core.Event{Kind: core.EventPasswordReset, User: u, Request: r}
	_, err = mailtoken.Spend(ctx, svc, t, e, mailtoken.Effect{
		Holds:     func(u *core.User) bool { return matches(svc, t, u) },
		TakesOver: func(u *core.User) bool { return !u.IsVerified && u.EmailKey != "" },
		Change: func(u *core.User, _ int) {
			u.HashedPassword, u.IsVerified = hash, u.IsVerified || mailtoken.Mailed(t)
			u.TokenEpoch++
		},
	})
	if errors.Is(err, core.ErrUsed) {
		return nil, core.Refuse(core.CodeResetBadToken)
	}
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	if err := loginlimit.Reset(ctx, svc.Limiter, e.User); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: the login limit could not be lifted after a reset", "err", err)
	}
	if !e.Was.IsVerified && e.User.Base().IsVerified {
		svc.Events.Raise(ctx, core.Event{Kind: core.EventEmailVerified, User: e.User, Request: r})
	}
	return e.User, nil
}

// matches reports that what the ticket froze still holds.
func matches(svc *core.Services, t core.Ticket, u *core.User) bool {
	return !u.Blocked(svc.Env.Now()) && u.EmailKey == t.Email && u.TokenEpoch == t.Epoch
}

func (f Flow) kind() mailtoken.Kind { return mailtoken.New(core.MailReset, f.Options) }

func wanted(svc *core.Services) func(*core.User) bool {
	return func(u *core.User) bool { return !u.Blocked(svc.Env.Now()) }
}
