package account

import (
	"context"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Prove is the flow of what a login lacks, once per backend: POST
// /login/pending says what a login waits for, POST /prove/password proves one
// once more by the password.
type Prove struct {
	// Guesses are those of Login: a wrong password counts there, so that a
	// stolen session is no way around that limit.
	Guesses
}

// Name is "prove".
func (Prove) Name() string { return "prove" }

// PerBackend is true.
func (Prove) PerBackend() bool { return true }

// waiting is the answer to POST /login/pending.
type waiting struct {
	Factors   []string `json:"factors" openapi:"description=Of which one must follow."`
	Enrol     []string `json:"enrol" openapi:"description=Of which the user must get one, if there are no factors."`
	ExpiresIn int      `json:"expires_in" openapi:"description=Seconds."`
}

// Routes are the two.
func (f Prove) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{
		{
			Name: "auth:" + svc.Backend.Name + ".pending", Method: http.MethodPost, Pattern: "/login/pending", Public: true,
			Doc: core.Doc{
				Summary: "What a login waits for", Status: http.StatusOK, Answer: waiting{},
				Body: struct {
					Pending string `json:"pending,omitempty" openapi:"description=Browsers may have it in a cookie."`
				}{},
				BodyOptional: true,
				Codes:        []string{core.CodeLoginBadCredentials},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return pending(ctx, svc, r) },
		},
		{
			Name: "auth:" + svc.Backend.Name + ".prove", Method: http.MethodPost, Pattern: "/prove/password",
			Guards: []core.Guard{core.Via(svc.Backend.Name), core.InPerson},
			Doc: core.Doc{
				Summary: "Prove the login once more by the password",
				Body: struct {
					Password string `json:"password" openapi:"format=password"`
				}{},
				Codes: []string{core.CodeLoginBadCredentials, core.CodeRateLimited},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.password(ctx, svc, r) },
		},
	}, nil
}

// pending says what a login waits for, to a page that has only its cookie.
func pending(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadOptionalJSON(r)
	if in == nil {
		return nil, err
	}
	raw, _, bad := in.String("pending")
	if err := core.AddProblems(err, bad); err != nil {
		return nil, err
	}
	p, err := svc.Gate.Peek(ctx, raw, r)
	if err != nil {
		return nil, err
	}
	list := func(methods []string) []string { return append([]string{}, methods...) } // never null
	return core.JSON(http.StatusOK, waiting{
		Factors: list(p.Factors), Enrol: list(p.Enrol), ExpiresIn: int(p.Expires.Sub(svc.Env.Now()) / time.Second),
	})
}

// password is the step-up by password.
func (f Prove) password(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadStrings(r, "password")
	if err != nil {
		return nil, err
	}
	admission, err := svc.Gate.Prove(ctx, r, func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		settle, err := f.own(ctx, svc, u, r)
		if err != nil {
			return core.Proof{}, err
		}
		ok, err := svc.Passwords.Check(ctx, core.AskedAbout(u, r), u, in[0])
		if err == nil && !ok {
			err = core.Refuse(core.CodeLoginBadCredentials)
		}
		settle(err)
		return core.Proof{Method: core.MethodPassword, At: svc.Env.Now()}, err
	})
	return admission.Answer, err
}
