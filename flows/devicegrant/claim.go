package devicegrant

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// askingDevice is what a person sees before they decide. Its name is that of
// the schema in the API document.
type askingDevice struct {
	UserCode string `json:"user_code" openapi:"example=WDJB-MJHT"`
	Backend  string `json:"backend" openapi:"description=Where the device is to be logged in."`
	Label    string `json:"label" openapi:"example=acme-cli on ada's laptop,description=What it calls itself. It may lie."`
	IP       string `json:"ip" openapi:"example=192.0.2.7,description=Where it asked from."`

	AskedAt   time.Time `json:"asked_at"`
	ExpiresIn int       `json:"expires_in" openapi:"example=540,description=Seconds that are left to decide."`
}

// claim answers POST /device/claim: what asks, to the one login that may decide
// about it from now on.
func (f Flow) claim(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	typed, err := core.ReadStrings(r, "user_code")
	if err != nil {
		return nil, err
	}
	c := core.CurrentFrom(ctx)
	guesses := core.LimitKey("device-codes", c.Session.UserID)
	if err := f.guess(ctx, svc, guesses, r); err != nil {
		return nil, err
	}
	code, ok := userCode(typed[0])
	if !ok {
		return nil, bad()
	}
	a, err := take(ctx, svc, code, c)
	if err != nil {
		return nil, err
	}
	if err := svc.Limiter.Refund(context.WithoutCancel(ctx), guesses); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: the count of wrong codes could not be settled", "err", err)
	}
	answer := askingDevice{
		UserCode: shown(code), Backend: a.Backend, Label: a.Label, AskedAt: a.At,
		ExpiresIn: int((a.Expires.Sub(svc.Env.Now()) + time.Second - 1) / time.Second),
	}
	if a.IP.IsValid() {
		answer.IP = a.IP.String()
	}
	return core.JSON(http.StatusOK, answer)
}

// guess counts a code before it is looked for.
func (f Flow) guess(ctx context.Context, svc *core.Services, key string, r *core.Request) error {
	all := f.GuessLimit
	all.Events *= 6
	if err := core.CheckNetworkLimit(ctx, svc.Limiter, "device-codes", r.Remote, all); err != nil {
		return err
	}
	return core.CheckLimit(ctx, svc.Limiter, key, f.GuessLimit)
}

// take makes a code that of the caller's login, unless it is another one's. A
// code that nobody has, one that has expired, one that was decided about, and
// that of another login are the same to the caller.
func take(ctx context.Context, svc *core.Services, code string, c *core.Current) (asking, error) {
	digest := core.Digest(code)
	t, a, err := find[asking](ctx, svc, userPurpose, digest)
	if err != nil {
		return a, err
	}
	if _, err := svc.Tickets.Find(ctx, decisionPurpose, [32]byte(a.Device)); !errors.Is(err, core.ErrNotFound) {
		if err == nil {
			err = core.ErrUsed
		}
		return a, unknown(err)
	}
	mine := core.Ticket{Digest: digest, Purpose: claimPurpose, UserID: c.Session.UserID, Expires: t.Expires}
	err = put(ctx, svc, mine, claimOf(c.Session))
	if errors.Is(err, core.ErrTaken) {
		return a, claimed(ctx, svc, digest, c)
	}
	return a, core.OrUnavailable(err)
}

// claimed returns nil where the caller's login has claimed a code.
func claimed(ctx context.Context, svc *core.Services, digest [32]byte, c *core.Current) error {
	t, by, err := find[claim](ctx, svc, claimPurpose, digest)
	if err == nil && (t.UserID != c.Session.UserID || by != claimOf(c.Session)) {
		err = bad()
	}
	return err
}
