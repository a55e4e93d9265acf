package openapi_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/integration/openapi/clients/ogen"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/ogen-go/ogen/ogenerrors"
)

// held are the tokens that a client has; it skips the schemes of the others.
type held struct{ api, app string }

func (h held) API(context.Context, ogen.OperationName) (ogen.API, error) {
	return ogen.API{Token: h.api}, skipped(h.api)
}

func (h held) App(context.Context, ogen.OperationName) (ogen.App, error) {
	return ogen.App{Token: h.app}, skipped(h.app)
}

// Keys leaves API keys to others.
func (held) Keys(context.Context, ogen.OperationName) (ogen.Keys, error) {
	return ogen.Keys{}, skipped("")
}

// Web leaves the cookie to the jar of the HTTP client.
func (held) Web(context.Context, ogen.OperationName) (ogen.Web, error) {
	return ogen.Web{}, skipped("")
}

func skipped(token string) error {
	if token == "" {
		return ogenerrors.ErrSkipClientSecurity
	}
	return nil
}

func logInByOgen(ctx context.Context, url string, http *http.Client) (*ogen.UserRead, error) {
	c, err := ogen.NewClient(url, held{}, ogen.WithClient(http))
	if err != nil {
		return nil, err
	}
	login, err := c.AuthAPILoginAuthAPILoginPost(ctx, &ogen.AuthAPILoginAuthAPILoginPostApplicationXWwwFormUrlencoded{
		Username: "ada@example.org", Password: "analytical engine",
	})
	if err != nil {
		return nil, err
	}
	token, ok := login.(*ogen.BearerResponse)
	if !ok {
		return nil, fmt.Errorf("the login is answered with %T", login)
	}
	if c, err = ogen.NewClient(url, held{api: token.AccessToken}, ogen.WithClient(http)); err != nil {
		return nil, err
	}
	me, err := c.UsersCurrentUserUsersMeGet(ctx)
	if err != nil {
		return nil, err
	}
	user, ok := me.(*ogen.UserRead)
	if !ok {
		return nil, fmt.Errorf("/users/me is answered with %T", me)
	}
	return user, nil
}

func TestClientByOgen(t *testing.T) {
	url, client := newApp(t, openapi.Options{}).serve(t)
	ctx := t.Context()
	as := func(h held) *ogen.Client {
		c, err := ogen.NewClient(url, h, ogen.WithClient(client))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	me := func(name string, c *ogen.Client) *ogen.UserRead {
		t.Helper()
		got, err := c.UsersCurrentUserUsersMeGet(ctx)
		user, ok := got.(*ogen.UserRead)
		if !ok {
			t.Fatalf("by %s: %T, %v", name, got, err)
		}
		return user
	}
	made, err := as(held{}).RegisterRegisterAuthRegisterPost(ctx, &ogen.UserCreate{
		Email: "ada@example.org", Password: "analytical engine", Name: "Ada", Motto: ogen.NewOptString("Poetical science"),
	})
	user, ok := made.(*ogen.UserRead)
	if !ok || user.Motto.Value != "Poetical science" || user.Tags != nil || user.Plan != ogen.UserReadPlanFree {
		t.Fatalf("registered: %+v, %v", made, err)
	}
	if got, err := logInByOgen(ctx, url, client); err != nil || got.ID != user.ID {
		t.Errorf("by api: %+v, %v", got, err)
	}
	login, err := as(held{}).AuthAppLoginAuthAppLoginPost(ctx,
		&ogen.AuthAppLoginAuthAppLoginPostApplicationJSON{Username: user.Email, Password: "analytical engine"})
	token, ok := login.(*ogen.BearerResponse)
	if !ok {
		t.Fatalf("by app: %T, %v", login, err)
	}
	if got := me("app", as(held{app: token.AccessToken})); got.ID != user.ID {
		t.Errorf("by app: %+v", got)
	}
	changed, err := as(held{app: token.AccessToken}).UsersPatchCurrentUserUsersMePatch(ctx,
		&ogen.UserUpdateMe{
			Tags: ogen.NewOptNilStringArray([]string{"a", "b"}), Name: ogen.OptNilString{Set: true, Null: true},
		})
	if got, ok := changed.(*ogen.UserRead); !ok || len(got.Tags) != 2 || got.Name != "Ada" {
		t.Errorf("changed: %+v, %v", changed, err)
	}
	wrong, err := as(held{}).AuthAPILoginAuthAPILoginPost(ctx,
		&ogen.AuthAPILoginAuthAPILoginPostApplicationJSON{Username: user.Email, Password: "wrong"})
	if got, ok := wrong.(*ogen.AuthAPILoginAuthAPILoginPostBadRequest); !ok ||
		got.Detail.String != "LOGIN_BAD_CREDENTIALS" {
		t.Errorf("a wrong password: %+v, %v", wrong, err)
	}
	web, err := as(held{}).AuthWebLoginAuthWebLoginPost(ctx,
		&ogen.AuthWebLoginAuthWebLoginPostApplicationJSON{Username: user.Email, Password: "analytical engine"})
	if _, ok := web.(*ogen.AuthWebLoginAuthWebLoginPostNoContent); !ok {
		t.Fatalf("by web: %T, %v", web, err)
	}
}
