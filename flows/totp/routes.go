package totp

import (
	"context"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

type (
	codeBody struct {
		Code string `json:"code" openapi:"example=123456,description=Six digits."`
	}
	pendingBody struct {
		Pending string `json:"pending,omitempty" openapi:"description=Of the login that waits; browsers may have it in a cookie."`
	}
	confirmBody struct {
		Enrolment string `json:"enrolment"`
		codeBody
		Label string `json:"label,omitempty" openapi:"description=What its owner calls it."`
	}
	// begun is the answer to what begins an enrolment.
	begun struct {
		Enrolment string `json:"enrolment"`
		Secret    string `json:"secret" openapi:"description=Base 32 for people who type it."`
		URI       string `json:"uri" openapi:"description=For a QR code."`
		ExpiresIn int    `json:"expires_in" openapi:"description=Seconds."`
	}
)

// wrong are the codes of every answer to a code.
var wrong = []string{core.CodeFactorBadCode, core.CodeFactorLocked, core.CodeRateLimited}

// Routes are a login's second proof, the step-up, and the enrolment, by a user
// who is logged in or inside a pending login.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.check(svc); err != nil {
		return nil, err
	}
	return append(f.proofs(svc), f.enrolment(svc)...), nil
}

// name is the name of a route.
func name(svc *core.Services, part string) string { return "totp:" + svc.Backend.Name + "." + part }

// proofs are the routes that take a code.
func (f Flow) proofs(svc *core.Services) []core.Route {
	return []core.Route{
		{
			Name: name(svc, "login"), Method: http.MethodPost, Pattern: "/totp", Public: true,
			Doc: core.Doc{
				Summary: "Continue a login with a code of the authenticator app", Body: struct {
					pendingBody
					codeBody
				}{},
				Codes: append([]string{core.CodeLoginBadCredentials}, wrong...),
			},
			Handle: f.login(svc),
		},
		{
			Name: name(svc, "prove"), Method: http.MethodPost, Pattern: "/prove/totp",
			Guards: []core.Guard{core.Via(svc.Backend.Name), core.InPerson},
			Doc:    core.Doc{Summary: "Prove the login once more by a code of the authenticator app", Body: codeBody{}, Codes: wrong},
			Handle: f.prove(svc),
		},
	}
}

// enrolment are the routes of a user who is logged in, and of a pending login.
func (f Flow) enrolment(svc *core.Services) []core.Route {
	secure := append(slices.Clone(svc.Env.AccountGuards), core.Via(svc.Backend.Name), svc.Security.Secure())
	enrolled := []string{core.CodeFactorBadCode, core.CodeFactorExpired, core.CodeFactorExists}
	return []core.Route{
		{
			Name: name(svc, "begin"), Method: http.MethodPost, Pattern: "/totp/begin", Guards: secure,
			Doc: core.Doc{
				Summary: "Begin to enrol an authenticator app", Status: http.StatusOK, Answer: begun{},
				Codes: []string{core.CodeFactorExists, core.CodeFactorUnverified},
			},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) {
				u := core.CurrentFrom(ctx).User
				if err := f.free(ctx, u); err != nil {
					return nil, err
				}
				return f.begin(ctx, svc, u)
			},
		},
		{
			Name: name(svc, "confirm"), Method: http.MethodPost, Pattern: "/totp/confirm", Guards: secure,
			Doc: core.Doc{
				Summary: "Enrol the authenticator app by its first code; other logins end", Body: confirmBody{}, Codes: enrolled,
			},
			Handle: f.confirm(svc),
		},
		{
			Name: name(svc, "pending_begin"), Method: http.MethodPost, Pattern: "/login/totp/begin", Public: true,
			Doc: core.Doc{
				Summary: "Begin to enrol an authenticator app inside a login that requires one", Body: pendingBody{},
				BodyOptional: true, Status: http.StatusOK, Answer: begun{},
				Codes: []string{core.CodeLoginBadCredentials, "403 Forbidden"},
			},
			Handle: f.pendingBegin(svc),
		},
		{
			Name: name(svc, "pending_confirm"), Method: http.MethodPost, Pattern: "/login/totp/confirm", Public: true,
			Doc: core.Doc{
				Summary: "Enrol the authenticator app by its first code, and log in", Body: struct {
					pendingBody
					confirmBody
				}{},
				Codes: append([]string{core.CodeLoginBadCredentials, "403 Forbidden"}, enrolled...),
			},
			Handle: f.pendingConfirm(svc),
		},
	}
}

// handler handles a route.
type handler = func(context.Context, *core.Request) (*core.Response, error)

// login continues a pending login.
func (f Flow) login(svc *core.Services) handler {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadJSON(r)
		if in == nil {
			return nil, err
		}
		pending, _, badPending := in.String("pending")
		raw, noCode := in.Required("code")
		if err := core.AddProblems(err, badPending, noCode); err != nil {
			return nil, err
		}
		code := typed(raw)
		if code == "" { // which costs the login no try
			return nil, core.Refuse(core.CodeFactorBadCode)
		}
		admission, err := svc.Gate.Continue(ctx, pending, r, f.proving(svc, code, r))
		return admission.Answer, err
	}
}

// prove is the step-up.
func (f Flow) prove(svc *core.Services) handler {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadStrings(r, "code")
		if err != nil {
			return nil, err
		}
		code := typed(in[0])
		if code == "" {
			return nil, core.Refuse(core.CodeFactorBadCode)
		}
		admission, err := svc.Gate.Prove(ctx, r, f.proving(svc, code, r))
		return admission.Answer, err
	}
}

func (f Flow) proving(svc *core.Services, code string, r *core.Request) core.Prove {
	return func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		if err := f.verify(ctx, svc, u, code, r); err != nil {
			return core.Proof{}, err
		}
		return f.proof(svc), nil
	}
}

func (Flow) proof(svc *core.Services) core.Proof {
	return core.Proof{Method: kind, At: svc.Env.Now()}
}
