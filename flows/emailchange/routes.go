package emailchange

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Routes are those that the options need: undo, confirm.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.check(svc); err != nil {
		return nil, err
	}
	var routes []core.Route
	if f.Confirm {
		routes = append(routes, f.confirmRoute(svc))
	}
	if f.UndoFor >= 0 {
		routes = append(routes, f.undoRoute(svc))
	}
	return routes, nil
}

// presented is the body of both.
type presented struct {
	Token string `json:"token"`
}

func (f Flow) confirmRoute(svc *core.Services) core.Route {
	return core.Route{
		Name: "email:confirm", Method: http.MethodPost, Pattern: "/email/confirm", Public: true, Optional: true, Forms: true,
		Doc: core.Doc{
			Summary: "Confirm a new address with the token of the mail", Status: http.StatusOK,
			Answer: svc.Codec.Output(svc.Users.New()), Body: presented{},
			Codes: []string{
				core.CodeEmailChangeBadToken, core.CodeUpdateEmailExists, core.CodeUpdateConflict, core.CodeRateLimited,
				"401 Unauthorized",
			},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadStrings(r, "token")
			if err != nil {
				return nil, err
			}
			if err := f.confirms().Admit(ctx, svc, r); err != nil {
				return nil, err
			}
			u, err := f.ConfirmAddress(ctx, svc, in[0], r)
			if err != nil {
				return nil, err
			}
			return core.JSON(http.StatusOK, svc.Codec.Output(u))
		},
	}
}

func (f Flow) undoRoute(svc *core.Services) core.Route {
	return core.Route{
		Name: "email:undo", Method: http.MethodPost, Pattern: "/email/undo", Public: true, Forms: true,
		Doc: core.Doc{
			Summary: "Undo a change of address with the token of the mail to the one before", Status: http.StatusOK,
			Answer: json.RawMessage("null"), Body: presented{},
			Codes: []string{core.CodeEmailChangeBadToken, core.CodeUpdateEmailExists, core.CodeRateLimited},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadStrings(r, "token")
			if err != nil {
				return nil, err
			}
			if err := f.undoes().Admit(ctx, svc, r); err != nil {
				return nil, err
			}
			if _, err := f.Undo(ctx, svc, in[0], r); err != nil {
				return nil, err
			}
			return core.JSON(http.StatusOK, nil)
		},
	}
}
