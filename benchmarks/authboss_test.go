package benchmarks

import (
	"context"
	"net/http"
	"testing"

	"github.com/aarondl/authboss/v3"
	"github.com/aarondl/authboss/v3/defaults"
	gorilla "github.com/gorilla/sessions"
)

// theirAuthboss is authboss with its session in gorilla's cookie, as in its own
// examples, and with users in no store at all.
func theirAuthboss(b *testing.B) protection {
	ab := authboss.New()
	ab.Config.Storage.Server = oneUser{}
	cookies := gorilla.NewCookieStore(secret[:])
	ab.Config.Storage.SessionState = cookieState{cookies}
	ab.Config.Core.Logger = defaults.NewLogger(discard{})
	check(b, ab.Init())
	return protection{
		[]func(http.Handler) http.Handler{
			ab.LoadClientStateMiddleware, authboss.Middleware2(ab, authboss.RequireNone, authboss.RespondUnauthorized),
		},
		func(r *http.Request) { r.AddCookie(made(b, cookies, authboss.SessionKey)) },
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// pid is a user of authboss.
type pid string

func (p pid) GetPID() string { return string(p) }
func (pid) PutPID(string)    {}

type oneUser struct{}

func (oneUser) Load(_ context.Context, key string) (authboss.User, error) { return pid(key), nil }
func (oneUser) Save(context.Context, authboss.User) error                 { return nil }

// cookieState is a session of gorilla's, as authboss reads it.
type cookieState struct{ *gorilla.CookieStore }

type values map[any]any

func (v values) Get(key string) (string, bool) { s, ok := v[key].(string); return s, ok }

func (c cookieState) ReadState(r *http.Request) (authboss.ClientState, error) {
	s, err := c.New(r, "session")
	if err != nil {
		return nil, err
	}
	return values(s.Values), nil
}

func (cookieState) WriteState(http.ResponseWriter, authboss.ClientState, []authboss.ClientStateEvent) error {
	return nil
}
