package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	exchangePurpose  = "oauth-exchange"
	exchangeLifetime = time.Minute
)

// exchange is the flow of POST /exchange, once per backend: the one-time code of a redirect becomes the backend's login answer.
type exchange struct{ *config }

func (exchange) Name() string     { return "exchange" }
func (exchange) PerBackend() bool { return true }

// exchangeable is what a code stands for.
type exchangeable struct {
	Backend string
	Proof   core.Proof
}

func (f exchange) Routes(kit core.Kit) ([]core.Route, error) {
	return []core.Route{{
		Name: "exchange:" + kit.Backend + ".exchange", Method: http.MethodPost, Pattern: "/exchange", Public: true,
		Doc: core.Doc{
			Summary: "Log in with the code of a redirect", Codes: []string{core.CodeOAuthInvalidState, core.CodeLoginBadCredentials},
			Body: struct {
				Code string `json:"code"`
			}{},
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadJSON(r)
			if err != nil {
				return nil, err
			}
			code, problem := in.Required("code")
			if problem != nil {
				return nil, core.Invalid(*problem)
			}
			return f.exchange(ctx, kit, code, r)
		},
	}}, f.check(kit)
}

func (c *config) exchangeCode(ctx context.Context, kit core.Kit, u core.AnyUser, proof core.Proof) (string, error) {
	raw, digest, err := core.NewSecret(kit.Random)
	if err != nil {
		return "", core.Unavailable(err)
	}
	data, err := json.Marshal(exchangeable{kit.Backend, proof})
	if err != nil {
		return "", core.Unavailable(err)
	}
	b := u.Base()
	err = c.tickets(kit).Put(ctx, core.Ticket{
		Digest: digest, Purpose: exchangePurpose, UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch, Data: data,
		Expires: kit.Now().Add(exchangeLifetime),
	}, false)
	if err != nil {
		return "", core.Unavailable(err)
	}
	return raw, nil
}

func (f exchange) exchange(ctx context.Context, kit core.Kit, code string, r *core.Request) (*core.Response, error) {
	t, err := f.tickets(kit).Consume(ctx, exchangePurpose, core.Digest(code))
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return nil, core.Refuse(core.CodeOAuthInvalidState)
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	var e exchangeable
	if err := json.Unmarshal(t.Data, &e); err != nil {
		return nil, core.Unavailable(err)
	}
	u, err := kit.Users.Find(ctx, core.ByID(t.UserID))
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return nil, core.Unavailable(err)
	}
	if err != nil || e.Backend != kit.Backend || u.Base().TokenEpoch != t.Epoch {
		return nil, core.Refuse(core.CodeOAuthInvalidState)
	}
	admission, err := kit.Gate.Admit(ctx, core.Attempt{User: u, Proof: e.Proof, Request: r, Backend: kit.Backend})
	return admission.Answer, err
}
