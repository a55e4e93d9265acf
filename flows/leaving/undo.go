package leaving

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Routes is the undoing.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.check(svc); err != nil {
		return nil, err
	}
	return []core.Route{{
		Name: "leaving:undo", Method: http.MethodPost, Pattern: "/leaving/undo", Public: true, Forms: true,
		Doc: core.Doc{
			Summary: "Keep an account that its user has deleted, with the token of the mail", Status: http.StatusOK,
			Answer: json.RawMessage("null"), Codes: []string{core.CodeLeavingBadToken, core.CodeRateLimited},
			Body: struct {
				Token string `json:"token"`
			}{},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadStrings(r, "token")
			if err != nil {
				return nil, err
			}
			if err := f.kind().Admit(ctx, svc, r); err != nil {
				return nil, err
			}
			if _, err := f.Undo(ctx, svc, in[0], r); err != nil {
				return nil, err
			}
			return core.JSON(http.StatusOK, nil)
		},
	}}, nil
}

// bad is the one refusal of a token.
func bad() error { return core.Refuse(core.CodeLeavingBadToken) }

// Undo keeps the account of a mailed token, whose user can log in again.
// Refusal: LEAVING_BAD_TOKEN. r is nil outside HTTP.
func (f Flow) Undo(ctx context.Context, svc *core.Services, token string, r *core.Request) (core.AnyUser, error) {
	t, u, used, err := f.kind().Find(ctx, svc, token)
	if err != nil {
		return nil, err
	}
	if u == nil || used {
		return nil, bad()
	}
	until, err := untilOf(ctx, svc, t.UserID)
	if errors.Is(err, core.ErrNotFound) {
		return nil, bad()
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	// Where there are no transactions, Sweep removes nobody of whom this
	// holds.
	holds := func(u *core.User) bool {
		return u.Leaving() && u.EmailKey == t.Email && svc.Env.Now().Before(until)
	}
	if !holds(u.Base()) {
		return nil, bad()
	}
	e := &core.Event{Kind: core.EventLeavingUndone, User: u, Request: r}
	_, err = mailtoken.Spend(ctx, svc, t, e, mailtoken.Effect{
		Holds:     holds,
		TakesOver: func(*core.User) bool { return false },
		Change:    func(u *core.User, _ int) { u.SuspendedUntil, u.SuspendedFor = time.Time{}, "" },
	})
	if errors.Is(err, core.ErrUsed) {
		return nil, bad()
	}
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	return e.User, nil
}

// untilOf reads a user's mark. core.ErrNotFound if there is none.
func untilOf(ctx context.Context, svc *core.Services, userID string) (time.Time, error) {
	c, err := svc.Credentials.Find(ctx, Mark, userID)
	if err != nil {
		return time.Time{}, err
	}
	m, err := markOf(c)
	return m.Until, err
}
