package features_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 6238; it is what the applications on telephones read
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// totp is a second factor as another project may write it: codes of RFC 6238
// over the application's store of credentials. (One for use seals its secrets,
// and limits tries.)
type totp struct{ svc *core.Services }

func (*totp) Name() string     { return core.MethodTOTP }
func (*totp) PerBackend() bool { return true }
func (*totp) Method() string   { return core.MethodTOTP }

// Asks those who are enrolled, until their proofs are strong: whatever else
// made them so will do.
func (f *totp) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	enrolled, err := f.svc.Credentials.List(ctx, core.MethodTOTP, u.Base().ID)
	return len(enrolled) > 0 && !f.svc.Security.Strong(done), err
}

// Enrols whoever must have a factor.
func (f *totp) Enrols(context.Context, core.AnyUser) (bool, error) { return true, nil }

func (f *totp) Routes(svc *core.Services) ([]core.Route, error) {
	f.svc = svc
	secure := []core.Guard{core.Via(svc.Backend.Name), svc.Security.Secure()}
	name := "totp:" + svc.Backend.Name
	return []core.Route{
		{
			Name: name + ".begin", Method: http.MethodPost, Pattern: "/totp/begin", Guards: secure,
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				return f.begin(ctx, svc, core.CurrentFrom(ctx).User)
			},
		},
		{
			Name: name + ".confirm", Method: http.MethodPost, Pattern: "/totp/confirm", Guards: secure,
			Handle: with(func(ctx context.Context, r *core.Request, in core.Object) (core.Admission, error) {
				return svc.Gate.Prove(ctx, r, f.confirm(svc, in, core.CurrentFrom(ctx).Session))
			}),
		},
		{
			Name: name + ".login_begin", Method: http.MethodPost, Pattern: "/login/totp/begin", Public: true,
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				p, err := f.enrolling(ctx, svc, r)
				if err != nil {
					return nil, err
				}
				return f.begin(ctx, svc, p.User)
			},
		},
		{
			Name: name + ".login_confirm", Method: http.MethodPost, Pattern: "/login/totp/confirm", Public: true,
			Handle: with(func(ctx context.Context, r *core.Request, in core.Object) (core.Admission, error) {
				if _, err := f.enrollable(ctx, svc, r, in); err != nil {
					return core.Admission{}, err
				}
				return svc.Gate.Continue(ctx, text(in, "pending"), r, f.confirm(svc, in, nil))
			}),
		},
		{
			Name: name + ".prove", Method: http.MethodPost, Pattern: "/totp", Public: true,
			Handle: with(func(ctx context.Context, r *core.Request, in core.Object) (core.Admission, error) {
				return svc.Gate.Continue(ctx, text(in, "pending"), r, f.prove(svc, in))
			}),
		},
		{
			Name: name + ".step_up", Method: http.MethodPost, Pattern: "/prove/totp",
			Guards: []core.Guard{core.Via(svc.Backend.Name)},
			Handle: with(func(ctx context.Context, r *core.Request, in core.Object) (core.Admission, error) {
				return svc.Gate.Prove(ctx, r, f.prove(svc, in))
			}),
		},
	}, nil
}

// enrolling returns the pending login of a user who has no factor and needs
// one.
func (f *totp) enrolling(ctx context.Context, svc *core.Services, r *core.Request) (core.Pending, error) {
	in, err := core.ReadJSON(r)
	if err != nil {
		return core.Pending{}, err
	}
	return f.enrollable(ctx, svc, r, in)
}

func (f *totp) enrollable(
	ctx context.Context, svc *core.Services, r *core.Request, in core.Object,
) (core.Pending, error) {
	p, err := svc.Gate.Peek(ctx, text(in, "pending"), r)
	if err == nil && len(p.Enrol) == 0 {
		err = core.Forbidden() // M32
	}
	return p, err
}

// begin makes a secret, which a ticket keeps until its first code comes.
func (f *totp) begin(ctx context.Context, svc *core.Services, u core.AnyUser) (*core.Response, error) {
	raw, digest, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 20)
	_, _ = rand.Read(secret)
	t := core.Ticket{
		Digest: digest, Purpose: "totp", UserID: u.Base().ID, Epoch: u.Base().TokenEpoch, Data: secret,
		Expires: svc.Env.Now().Add(10 * time.Minute),
	}
	if err := svc.Tickets.Put(ctx, t, true); err != nil {
		return nil, core.Unavailable(err)
	}
	text := base32.StdEncoding.EncodeToString(secret)
	return core.JSON(http.StatusOK, map[string]any{ // as the library's own, in whose place it is
		"enrolment": raw, "secret": text, "uri": "otpauth://totp/Shop?secret=" + text, "expires_in": 600,
	})
}

// confirm enrols a user by their first code. Other logins end.
func (f *totp) confirm(svc *core.Services, in core.Object, keep *core.Session) core.Prove {
	return func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		id, digest := u.Base().ID, core.Digest(text(in, "enrolment"))
		t, err := svc.Tickets.Find(ctx, "totp", digest)
		if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) || err == nil && t.UserID != id {
			return core.Proof{}, core.Refuse("FACTOR_BAD_CODE")
		}
		if err != nil {
			return core.Proof{}, core.Unavailable(err)
		}
		step, ok := matches(t.Data, text(in, "code"), 0, svc.Env.Now())
		if !ok {
			return core.Proof{}, core.Refuse("FACTOR_BAD_CODE")
		}
		e := &core.Event{Kind: "factor.added", Method: core.MethodTOTP, User: u, Keep: keep}
		err = svc.Events.Commit(ctx, e, func(ctx context.Context) error {
			c := &core.Credential{Owner: id, Kind: core.MethodTOTP, Key: id, Data: row(t.Data, step), Created: svc.Env.Now()}
			if err := svc.Credentials.Create(ctx, c, 1); err != nil {
				return err
			}
			now, err := svc.Users.Update(ctx, id, func(u core.AnyUser) error {
				was := *u.Base()
				e.Was = &was
				u.Base().TokenEpoch++
				return nil
			})
			if err == nil {
				e.User, *u.Base() = now, *now.Base()
			}
			return err
		})
		if errors.Is(err, core.ErrTaken) || errors.Is(err, core.ErrFull) {
			err = &core.Error{Status: http.StatusConflict, Code: "FACTOR_ALREADY_EXISTS"}
		}
		return core.Proof{Method: core.MethodTOTP, At: svc.Env.Now()}, err
	}
}

// prove accepts a code of a later step than the last one, under the row's lock:
// each code works once.
func (f *totp) prove(svc *core.Services, in core.Object) core.Prove {
	return func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		c, err := svc.Credentials.Find(ctx, core.MethodTOTP, u.Base().ID)
		if err == nil {
			_, err = svc.Credentials.Update(ctx, c.Kind, c.Owner, c.ID, func(c *core.Credential) error {
				secret, last := c.Data[:20], binary.BigEndian.Uint64(c.Data[20:])
				step, ok := matches(secret, text(in, "code"), last, svc.Env.Now())
				if !ok {
					return core.Refuse("FACTOR_BAD_CODE")
				}
				c.Data, c.Used = row(secret, step), svc.Env.Now()
				return nil
			})
		}
		if errors.Is(err, core.ErrNotFound) {
			err = core.Refuse("FACTOR_BAD_CODE")
		}
		return core.Proof{Method: core.MethodTOTP, At: svc.Env.Now()}, err
	}
}

func row(secret []byte, step uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{}, secret...), step)
}

// matches returns the step after last, within one of now, whose code it is.
func matches(secret []byte, code string, last uint64, now time.Time) (step uint64, ok bool) {
	present := uint64(now.Unix()) / 30 // after 1970
	for step := max(present-1, last+1); step <= present+1; step++ {
		if subtle.ConstantTimeCompare([]byte(codeOf(secret, step)), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// codeOf is RFC 4226, section 5.3.
func codeOf(secret []byte, step uint64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}
