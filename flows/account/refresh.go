package account

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// refreshBody is the refresh token request of RFC 6749, section 6.
type refreshBody struct {
	RefreshToken string `json:"refresh_token"`
	GrantType    string `json:"grant_type,omitempty" openapi:"example=refresh_token,description=It is refresh_token, if it is sent."`
}

// revokeBody is the revocation request of RFC 7009, section 2.1. Clients may
// name the token as they do for a refresh.
type revokeBody struct {
	Token        string `json:"token,omitempty" openapi:"description=The refresh token. It is required, by this name or the other one."`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// renewals are refresh and revoke, of a backend whose logins have a refresh
// token. The body of one whose transport carries it is not read.
func (l Login) renewals(svc *core.Services) []core.Route {
	if !svc.Backend.Renews {
		return nil
	}
	refresh := core.Doc{
		Summary: "Renew a login by its refresh token", Complete: true, Codes: []string{core.CodeRateLimited},
	}
	revoke := core.Doc{
		Summary: "End the login of a refresh token", Status: http.StatusOK, Answer: json.RawMessage("null"),
		Codes: []string{core.CodeRateLimited},
	}
	if svc.Backend.CarriesRefresh {
		for _, d := range []*core.Doc{&refresh, &revoke} {
			d.Codes = append(d.Codes, core.CodeDuplicateCredentials)
		}
		revoke.Headers = []string{"Set-Cookie"}
	} else {
		refresh.Body, refresh.Form = refreshBody{}, true
		revoke.Body, revoke.Form = revokeBody{}, true
	}
	refresh.Codes = append(refresh.Codes, "401 Unauthorized")
	return []core.Route{
		{
			Name: "auth:" + svc.Backend.Name + ".refresh", Method: http.MethodPost, Pattern: "/refresh", Public: true,
			Doc:    refresh,
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return l.refresh(ctx, svc, r) },
		},
		{
			Name: "auth:" + svc.Backend.Name + ".revoke", Method: http.MethodPost, Pattern: "/revoke", Public: true,
			Doc:    revoke,
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return l.revoke(ctx, svc, r) },
		},
	}
}

func (l Login) refresh(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	token := ""
	if !svc.Backend.CarriesRefresh {
		in, err := core.ReadForm(r, "refresh_token", "grant_type")
		if in == nil {
			return nil, err
		}
		given, missing := in.Required("refresh_token")
		grant, there, badGrant := in.String("grant_type")
		if there && grant != "refresh_token" && grant != "" {
			badGrant = &core.Problem{
				Loc: []any{"body", "grant_type"}, Msg: "String should match pattern '^refresh_token$'",
				Type: "string_pattern_mismatch",
			}
		}
		if err := core.AddProblems(err, missing, badGrant); err != nil {
			return nil, err
		}
		token = given
	}
	if err := core.CheckNetworkLimit(ctx, svc.Limiter, "refresh", r.Remote, l.Renewals); err != nil {
		return nil, err
	}
	admission, err := svc.Gate.Renew(ctx, token, r)
	return admission.Answer, err
}

func (l Login) revoke(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	token := ""
	if !svc.Backend.CarriesRefresh {
		in, err := core.ReadForm(r, "token", "refresh_token")
		if in == nil {
			return nil, err
		}
		name := "token"
		if _, there := in[name]; !there && in["refresh_token"] != nil {
			name = "refresh_token"
		}
		given, missing := in.Required(name)
		if err := core.AddProblems(err, missing); err != nil {
			return nil, err
		}
		token = given
	}
	if err := core.CheckNetworkLimit(ctx, svc.Limiter, "revoke", r.Remote, l.Ends); err != nil {
		return nil, err
	}
	return svc.Gate.EndRenewable(ctx, token, r)
}
