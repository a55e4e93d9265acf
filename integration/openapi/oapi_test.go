package openapi_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/integration/openapi/clients/oapi"
	"github.com/latchkey-go/latchkey/openapi"
)

func logInByOAPICodegen(ctx context.Context, url string, http *http.Client) (*oapi.UserRead, error) {
	c, err := oapi.NewClientWithResponses(url, oapi.WithHTTPClient(http))
	if err != nil {
		return nil, err
	}
	form := oapi.BodyAuthApiLoginAuthApiLoginPost{Username: "ada@example.org", Password: "analytical engine"}
	login, err := c.AuthApiLoginAuthApiLoginPostWithFormdataBodyWithResponse(ctx, form)
	if err != nil {
		return nil, err
	}
	if login.JSON200 == nil {
		return nil, fmt.Errorf("the login is answered with %s: %s", login.Status(), login.Body)
	}
	me, err := c.UsersCurrentUserUsersMeGetWithResponse(ctx, bearing(login.JSON200.AccessToken))
	if err != nil {
		return nil, err
	}
	return me.JSON200, nil
}

// bearing presents a token.
func bearing(token string) oapi.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}

func TestClientByOAPICodegen(t *testing.T) {
	url, client := newApp(t, openapi.Options{}).serve(t)
	c, err := oapi.NewClientWithResponses(url, oapi.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	motto, ctx := "Poetical science", t.Context()
	register := oapi.UserCreate{Email: "ada@example.org", Password: "analytical engine", Name: "Ada", Motto: &motto}
	made, err := c.RegisterRegisterAuthRegisterPostWithResponse(ctx, register)
	if err != nil || made.JSON201 == nil || made.JSON201.Plan != oapi.UserReadPlanFree {
		t.Fatalf("registered: %v, %s", err, made.Body)
	}
	again, err := c.RegisterRegisterAuthRegisterPostWithResponse(ctx, register)
	if err != nil || again.JSON400 == nil {
		t.Fatalf("registered twice: %v, %s", err, again.Body)
	}
	if code, err := again.JSON400.Detail.AsErrorModelDetail0(); err != nil || code != "REGISTER_USER_ALREADY_EXISTS" {
		t.Errorf("registered twice: %s, %v", code, err)
	}
	want := func(backend string, me *oapi.UserRead, err error) {
		t.Helper()
		if err != nil || me == nil || me.Id != made.JSON201.Id || *me.Motto != motto || me.Tags != nil {
			t.Errorf("by %s: %+v, %v", backend, me, err)
		}
	}
	me, err := logInByOAPICodegen(ctx, url, client)
	want("api", me, err)
	login, err := c.AuthAppLoginAuthAppLoginPostWithResponse(ctx,
		oapi.BodyAuthAppLoginAuthAppLoginPost{Username: register.Email, Password: register.Password})
	if err != nil || login.JSON200 == nil {
		t.Fatalf("by app: %v, %s", err, login.Body)
	}
	byApp, err := c.UsersCurrentUserUsersMeGetWithResponse(ctx, bearing(login.JSON200.AccessToken))
	want("app", byApp.JSON200, err)
	nobody, err := c.UsersCurrentUserUsersMeGetWithResponse(ctx)
	if err != nil || nobody.JSON401 == nil || nobody.Headers401.WWWAuthenticate != "Bearer" {
		t.Errorf("without a login: %v, %s", err, nobody.Body)
	}
	web, err := c.AuthWebLoginAuthWebLoginPostWithResponse(ctx,
		oapi.BodyAuthWebLoginAuthWebLoginPost{Username: register.Email, Password: register.Password})
	if err != nil || web.StatusCode() != http.StatusNoContent {
		t.Fatalf("by web: %v, %s", err, web.Body)
	}
	byWeb, err := c.UsersCurrentUserUsersMeGetWithResponse(ctx) // the jar of the client has the cookie
	want("web", byWeb.JSON200, err)
}
