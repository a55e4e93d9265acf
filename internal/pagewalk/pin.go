package pagewalk

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Pin is a second factor as another project may write it, without a thought of
// pages: it asks users for what of returns, "" for those without.
func Pin(of func(core.AnyUser) string) core.Flow { return &pin{of} }

type pin struct{ of func(core.AnyUser) string }

func (*pin) Name() string     { return "pin" }
func (*pin) PerBackend() bool { return true }
func (*pin) Method() string   { return "pin" }
func (p *pin) Asks(_ context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	return p.of(u) != "" && done[len(done)-1].Method != "pin", nil
}

func (p *pin) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "pin:" + svc.Backend.Name + ".login", Method: http.MethodPost, Pattern: "/pin", Public: true,
		Doc: core.Doc{Body: struct {
			Pending string `json:"pending,omitempty"`
			Pin     string `json:"pin"`
			Digits  int    `json:"digits"`
			Trust   bool   `json:"trust,omitempty"`
		}{}},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if err != nil {
				return nil, err
			}
			pending, _, _ := in.String("pending")
			prove, err := p.prove(svc, in)
			if err != nil {
				return nil, err
			}
			admission, err := svc.Gate.Continue(ctx, pending, r, prove)
			return admission.Answer, err
		},
	}, {
		Name: "pin:" + svc.Backend.Name + ".prove", Method: http.MethodPost, Pattern: "/prove/pin",
		Guards: []core.Guard{core.Via(svc.Backend.Name), core.InPerson},
		Doc: core.Doc{Body: struct {
			Pin    string `json:"pin"`
			Digits int    `json:"digits"`
		}{}},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if err != nil {
				return nil, err
			}
			prove, err := p.prove(svc, in)
			if err != nil {
				return nil, err
			}
			admission, err := svc.Gate.Prove(ctx, r, prove)
			return admission.Answer, err
		},
	}}, nil
}

func (p *pin) prove(svc *core.Services, in core.Object) (core.Prove, error) {
	code, problem := in.Required("pin")
	if err := core.InvalidProblems(problem); err != nil {
		return nil, err
	}
	return func(_ context.Context, u core.AnyUser) (core.Proof, error) {
		if p.of(u) != code || string(in["digits"]) != "4" {
			return core.Proof{}, core.Refuse("PIN_WRONG")
		}
		return core.Proof{Method: "pin", At: svc.Env.Now()}, nil
	}, nil
}
