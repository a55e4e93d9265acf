package authtest_test

import (
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

func TestWithKey(t *testing.T) {
	t.Parallel()
	credentials := memstore.NewCredentials(nil)
	keys, err := apikey.New(credentials, apikey.Options{
		Backend: "keys", Prefix: "acme", Scopes: []string{"read", "write"},
	})
	if err != nil {
		t.Fatal(err)
	}
	app := authtest.New(t, options{
		Backends:    []latchkey.Backend{{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys}},
		Flows:       []latchkey.Flow{keys.Flow()},
		Credentials: credentials,
	})
	read := httpauth.Require(app, latchkey.Scope("read"))(echo)
	write := httpauth.Require(app, latchkey.Scope("write"))(echo)
	ada := authtest.User[Member]()
	client := authtest.WithKey(t, app.Auth, ada, "read")
	again := authtest.WithKey(t, app.Auth, ada, "read", "write")
	for _, c := range []struct {
		client *authtest.Client
		h      http.Handler
		want   int
	}{{client, read, 200}, {client, write, 403}, {again, write, 200}, {authtest.NewClient(t), read, 401}} {
		if w := c.client.Do(c.h, "GET", "/", ""); w.Code != c.want {
			t.Errorf("got %d %s, want %d", w.Code, w.Body, c.want)
		}
	}
	wantSentence(t, saying(t, func(tb testing.TB) { authtest.WithKey(tb, app.Auth, ada, "admin") }), "no key of user")
	wantSentence(t, saying(t, func(tb testing.TB) { authtest.WithKey[Member](tb, app.Auth, nil) }), "the user is nil")
	plain := authtest.New(t, options{})
	wantSentence(t, saying(t, func(tb testing.TB) {
		authtest.WithKey(tb, plain.Auth, authtest.User[Member](), "read")
	}), "api-keys")
}
