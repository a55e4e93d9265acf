package recovery

import (
	"context"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// made is the answer to POST /recovery-codes.
type made struct {
	Codes []string `json:"codes" openapi:"description=Each works once. They are not shown again."`
}

// Routes are a login's second proof, and the making of codes.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.check(svc); err != nil {
		return nil, err
	}
	return []core.Route{
		{
			Name: "recovery:" + svc.Backend.Name + ".login", Method: http.MethodPost, Pattern: "/recovery", Public: true,
			Doc: core.Doc{
				Summary: "Continue a login with a recovery code", Body: struct {
					Pending string `json:"pending,omitempty" openapi:"description=Of the login that waits; browsers may have it in a cookie."`
					Code    string `json:"code" openapi:"example=7KQ2-M9TX-4B6C-ZD1H"`
				}{},
				Codes: []string{core.CodeLoginBadCredentials, core.CodeFactorBadCode},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.login(ctx, svc, r) },
		},
		{
			Name: "recovery:" + svc.Backend.Name + ".create", Method: http.MethodPost, Pattern: "/recovery-codes",
			Guards: append(slices.Clone(svc.Env.AccountGuards), core.Via(svc.Backend.Name), svc.Security.Secure()),
			Doc: core.Doc{
				Summary: "Make recovery codes, in place of all former ones", Status: http.StatusOK, Answer: made{},
				Codes: []string{core.CodeNoFactor},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.create(ctx, svc, r) },
		},
	}, nil
}

func (f Flow) login(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
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
	admission, err := svc.Gate.Continue(ctx, pending, r, func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		if err := f.use(ctx, svc, u, code, r); err != nil {
			return core.Proof{}, err
		}
		return core.Proof{Method: kind, At: svc.Env.Now()}, nil
	})
	return admission.Answer, err
}

// besideAFactor refuses codes that would stand in for nothing.
func besideAFactor(ctx context.Context, svc *core.Services, u core.AnyUser) error {
	has, err := svc.Security.HasFactor(ctx, u)
	if err == nil && !has {
		err = &core.Error{Code: core.CodeNoFactor, Status: http.StatusConflict}
	}
	return err
}

func (f Flow) create(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	u := core.CurrentFrom(ctx).User
	if err := besideAFactor(ctx, svc, u); err != nil {
		return nil, core.OrUnavailable(err)
	}
	answer := made{Codes: make([]string, f.Codes)}
	digests := make([][32]byte, f.Codes)
	for i := range f.Codes {
		code, err := newCode(svc.Env.Random)
		if err != nil {
			return nil, core.Unavailable(err)
		}
		answer.Codes[i], digests[i] = shown(code), core.Digest(code)
	}
	e := &core.Event{Kind: core.EventFactorAdded, Backend: svc.Backend.Name, Method: kind, User: u, Request: r}
	err := svc.Events.Commit(ctx, e, func(ctx context.Context) (err error) {
		if err := besideAFactor(ctx, svc, u); err != nil { // again: it may have been removed meanwhile
			return err
		}
		e.Target, err = f.replace(ctx, svc, u.Base().ID, digests)
		return err
	})
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	return core.JSON(http.StatusOK, answer)
}
