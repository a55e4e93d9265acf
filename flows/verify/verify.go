// Package verify is the flow that proves a user's e-mail address: POST
// /request-verify-token and POST /verify.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{verify.Flow{}}, …
//	})
//
// Security notes. The answer to a request is the same whoever asks and whatever
// exists; ticket and mail are made outside the request. A token verifies only
// the address that it was sent to: after a change of the address it is
// worthless. Nothing changes by GET, so a mail scanner that follows links
// verifies nothing: the application's page posts the token.
//
// Accounts at providers that were linked before the address was verified may be
// somebody else's, who registered it in advance. They are unlinked, and their
// sessions end, unless the request is a login of the user: then the one who
// uses the account also reads its mailbox. The password stays, since people
// register, verify and then log in with it.
package verify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Flow is the e-mail verification. The zero value is ready.
type Flow struct {
	mailtoken.Options

	// OnRegister sends the mail to everyone who registers. Default: only on
	// request.
	OnRegister bool
}

// Name is "verify".
func (Flow) Name() string { return core.MailVerify }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// WithLink implements core.Linked: it returns a copy with another Link.
func (f Flow) WithLink(path string) core.Flow {
	f.Link = path
	return f
}

// Routes are the two of the contract's group verify.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.kind().Check(svc); err != nil {
		return nil, err
	}
	return []core.Route{
		{
			Name: "verify:request-token", Method: http.MethodPost, Pattern: "/request-verify-token", Public: true,
			Forms: true,
			Doc: core.Doc{
				Summary: "Ask for a mail that verifies the address", Status: http.StatusAccepted,
				Answer: json.RawMessage("null"),
				Body: struct {
					Email string `json:"email" openapi:"example=ada@example.org"`
				}{},
				Codes: []string{core.CodeRateLimited},
			},
			Handle: f.kind().Request(svc, wanted(svc), core.EventVerifyRequested),
		},
		{
			Name: "verify:verify", Method: http.MethodPost, Pattern: "/verify", Public: true, Optional: true,
			Forms: true,
			Doc: core.Doc{
				Summary: "Verify the address with the token of the mail", Status: http.StatusOK,
				Answer: svc.Codec.Output(svc.Users.New()),
				Body: struct {
					Token string `json:"token"`
				}{},
				Codes: []string{core.CodeVerifyBadToken, core.CodeVerifyAlreadyVerified, core.CodeRateLimited},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				in, err := core.ReadStrings(r, "token")
				if err != nil {
					return nil, err
				}
				if err := f.kind().Admit(ctx, svc, r); err != nil {
					return nil, err
				}
				u, err := f.Verify(ctx, svc, in[0], r)
				if err != nil {
					return nil, err
				}
				return core.JSON(http.StatusOK, svc.Codec.Output(u))
			},
		},
	}, nil
}

// On sends the mail after a registration, if the flow is set so.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	if f.OnRegister && e.Kind == core.EventRegistered && wanted(svc)(e.User.Base()) {
		f.kind().AskedBy(e.Client.IP).Send(ctx, svc, e.User, wanted(svc))
	}
}

// Request sends a mail to the user of that canonical address, if there is one
// who needs it. It returns the same whatever is the case; the error is a 503.
func (f Flow) Request(ctx context.Context, svc *core.Services, emailKey string) error {
	return f.kind().Ask(ctx, svc, emailKey, wanted(svc), core.EventVerifyRequested)
}

// Verify marks the user of a token as verified. Refusals:
// VERIFY_USER_BAD_TOKEN, VERIFY_USER_ALREADY_VERIFIED (for a used token of a
// verified user too). r is nil outside HTTP.
func (f Flow) Verify(ctx context.Context, svc *core.Services, token string, r *core.Request) (core.AnyUser, error) {
	t, u, used, err := f.kind().Find(ctx, svc, token)
	switch {
	case err != nil:
		return nil, err
	case u == nil || u.Base().EmailKey != t.Email:
		return nil, core.Refuse(core.CodeVerifyBadToken)
	case u.Base().IsVerified:
		return nil, core.Refuse(core.CodeVerifyAlreadyVerified)
	case used:
		return nil, core.Refuse(core.CodeVerifyBadToken)
	}
	own := isCaller(ctx, t.UserID)
	e := &core.Event{Kind: core.EventEmailVerified, User: u, Request: r}
	_, err = mailtoken.Spend(ctx, svc, t, e, mailtoken.Effect{
		Holds:     func(u *core.User) bool { return u.EmailKey == t.Email },
		TakesOver: func(u *core.User) bool { return !u.IsVerified && !own },
		Change: func(u *core.User, removed int) {
			u.IsVerified = true
			if removed > 0 {
				u.TokenEpoch++
			}
		},
	})
	if errors.Is(err, core.ErrUsed) { // lost a race, against its own twin or a change of the address
		return f.Verify(ctx, svc, token, r)
	}
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	return e.User, nil
}

// isCaller reports whether the request is a login of that user.
func isCaller(ctx context.Context, userID string) bool {
	c := core.CurrentFrom(ctx)
	return c != nil && c.Session.UserID == userID
}

func (f Flow) kind() mailtoken.Kind { return mailtoken.New(core.MailVerify, f.Options) }

func wanted(svc *core.Services) func(*core.User) bool {
	return func(u *core.User) bool { return !u.Blocked(svc.Env.Now()) && !u.IsVerified }
}
