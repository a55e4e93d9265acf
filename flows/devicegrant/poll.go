package devicegrant

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// grant is the grant_type of a poll (RFC 8628, section 3.4).
const grant = "urn:ietf:params:oauth:grant-type:device_code"

// poll answers POST /device/token.
func (f Flow) poll(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	code, err := deviceCode(r)
	if err != nil {
		return nil, err
	}
	err = core.CheckNetworkLimit(ctx, svc.Limiter, "device-polls", r.Remote, f.PollLimit)
	if err != nil {
		return nil, slower(err, http.StatusTooManyRequests)
	}
	digest := core.Digest(code)
	_, a, err := find[asking](ctx, svc, devicePurpose, digest)
	if err == nil && a.Backend != svc.Backend.Name {
		err = bad()
	}
	if err != nil {
		return nil, err
	}
	// A network may be faster with one poll than with the one before.
	often := core.Limit{Events: 1, Window: f.Interval - f.Interval/5}
	if err := core.CheckLimit(ctx, svc.Limiter, core.LimitKey("device-poll", code), often); err != nil {
		return nil, slower(err, http.StatusBadRequest)
	}
	if !svc.Env.Now().Before(a.Expires) {
		return nil, core.Refuse(core.CodeDeviceExpired)
	}
	u, d, err := use(ctx, svc, digest)
	if err != nil {
		return nil, err
	}
	admission, err := svc.Gate.Admit(ctx, attempt(svc, r, u, a, d))
	if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
		switch refusal.Code {
		case core.CodeLoginBadCredentials, core.CodeLoginUserSuspended, core.CodeLoginUserNotVerified:
			err = denied() // what has changed since the approval is between the user and the browser
		}
	}
	return admission.Answer, err
}

// deviceCode reads the body of a poll.
func deviceCode(r *core.Request) (string, error) {
	in, err := core.ReadForm(r, "device_code", "grant_type")
	if in == nil {
		return "", err
	}
	code, missing := in.Required("device_code")
	typ, given, badGrant := in.String("grant_type")
	if given && typ != grant && typ != "" {
		badGrant = &core.Problem{
			Loc: []any{"body", "grant_type"}, Msg: "String should match pattern '^" + grant + "$'",
			Type: "string_pattern_mismatch",
		}
	}
	return code, core.AddProblems(err, missing, badGrant)
}

// slower turns a RATE_LIMITED into the refusal that clients of OAuth know, so
// that they go on polling.
func slower(err error, status int) error {
	limited := (*core.Error)(nil)
	if !errors.As(err, &limited) || limited.Code != core.CodeRateLimited {
		return err
	}
	return &core.Error{Status: status, Code: core.CodeDeviceSlowDown, Header: limited.Header}
}

// use uses up the approval of a device, with its user looked at again under the
// lock of their row, and the login that approved it.
func use(ctx context.Context, svc *core.Services, digest [32]byte) (u core.AnyUser, d decision, err error) {
	t, err := svc.Tickets.Find(ctx, decisionPurpose, digest)
	if errors.Is(err, core.ErrNotFound) {
		return nil, d, core.Refuse(core.CodeDevicePending)
	}
	if err != nil {
		return nil, d, unknown(err)
	}
	if d, err = read[decision](t); err != nil {
		return nil, d, err
	}
	if !d.Approved {
		return nil, d, denied()
	}
	err = svc.Users.Transact(ctx, func(ctx context.Context) (err error) {
		u, err = svc.Users.Lock(ctx, t.UserID)
		if errors.Is(err, core.ErrNotFound) {
			return denied()
		}
		if err != nil {
			return err
		}
		if b := u.Base(); b.Blocked(svc.Env.Now()) || b.TokenEpoch != t.Epoch {
			return denied()
		}
		if err := living(ctx, svc, d); err != nil {
			return err
		}
		_, err = svc.Tickets.Consume(ctx, decisionPurpose, digest)
		return err
	})
	if err != nil {
		return nil, d, unknown(err)
	}
	return u, d, nil
}

// attempt is the login of a device. Its proofs have the methods of the login
// that approved it, so that the user's factors are as satisfied as they were
// there, and no times.
func attempt(svc *core.Services, r *core.Request, u core.AnyUser, a asking, d decision) core.Attempt {
	var done []core.Proof
	for _, method := range d.Methods {
		done = core.AddProof(done, core.Proof{Method: method})
	}
	done = core.AddProof(done, core.Proof{Method: core.MethodDevice})
	last := len(done) - 1
	return core.Attempt{
		User: u, Proof: done[last], More: done[:last], Request: r, Backend: svc.Backend.Name, Label: a.Label,
	}
}
