package benchmarks

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ginjwt "github.com/appleboy/gin-jwt/v3"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	fiberjwt "github.com/gofiber/contrib/v3/jwt"
	"github.com/gofiber/fiber/v3"
	echojwt "github.com/labstack/echo-jwt/v5"
	"github.com/labstack/echo/v5"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// BenchmarkFrameworks is a GET through each framework: bare, behind its own JWT
// middleware, and behind Latchkey's guard with a JWT, without and with the
// user, and with a session and the user. What Require and CurrentUser cost is
// the difference to bare.
func BenchmarkFrameworks(b *testing.B) {
	tokens, sessions := newApp(b, newJWT(b, -1)), newApp(b, newSessions(b, memstore.NewSessions(nil)))
	var candidates []candidate
	for _, f := range []struct {
		name string
		do   func(b *testing.B, tokens, sessions app) map[string]func(b *testing.B)
	}{{"net-http", onServeMux}, {"chi", onChiRouter}, {"echo", onEcho}, {"gin", onGin}, {"fiber", onFiber}} {
		of := f.do(b, tokens, sessions)
		for _, name := range []string{"bare", "their JWT", "JWT, ID", "JWT, user", "session, user"} {
			if of[name] != nil {
				candidates = append(candidates, candidate{f.name + "/" + name, of[name]})
			}
		}
	}
	rounds(b, candidates...)
}

// paths are those of the routes, with the tokens that they want.
func paths(tokens, sessions app) map[string]string {
	return map[string]string{
		"bare": tokens.token, "their JWT": tokens.token, "JWT, ID": tokens.token, "JWT, user": tokens.token, "session, user": sessions.token,
	}
}

// path is that of a route.
func path(name string) string { return "/" + strings.NewReplacer(" ", "-", ",", "").Replace(name) }

// throughHTTP asks a handler for its routes.
func throughHTTP(h http.Handler, tokens, sessions app) map[string]func(*testing.B) {
	all := map[string]func(*testing.B){}
	for name, token := range paths(tokens, sessions) {
		r := httptest.NewRequest(http.MethodGet, path(name), nil)
		bearing(token)(r)
		probe := httptest.NewRecorder()
		if h.ServeHTTP(probe, r); probe.Code == http.StatusNotFound {
			continue // has no middleware of its own
		}
		all[name] = func(b *testing.B) {
			w := httptest.NewRecorder()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
			if w.Code != http.StatusNoContent {
				b.Fatalf("the request was answered with %d", w.Code)
			}
		}
	}
	return all
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// withUser refuses whom it does not know.
func withUser(w http.ResponseWriter, r *http.Request) {
	if _, ok := latchkey.CurrentUser[latchkey.User](r.Context()); ok {
		w.WriteHeader(http.StatusNoContent)
	}
}

func onServeMux(_ *testing.B, tokens, sessions app) map[string]func(*testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path("bare"), noContent)
	mux.Handle("GET "+path("JWT, ID"), httpauth.Require(tokens, latchkey.SessionOnly)(http.HandlerFunc(noContent)))
	mux.Handle("GET "+path("JWT, user"), httpauth.Require(tokens)(http.HandlerFunc(withUser)))
	mux.Handle("GET "+path("session, user"), httpauth.Require(sessions)(http.HandlerFunc(withUser)))
	return throughHTTP(mux, tokens, sessions)
}

func onChiRouter(b *testing.B, tokens, sessions app) map[string]func(*testing.B) {
	r := chi.NewRouter()
	r.Get(path("bare"), noContent)
	r.With(theirJWT(b, tokens.token).middleware...).Get(path("their JWT"), noContent)
	r.With(chiauth.Require(tokens, latchkey.SessionOnly)).Get(path("JWT, ID"), noContent)
	r.With(chiauth.Require(tokens)).Get(path("JWT, user"), withUser)
	r.With(chiauth.Require(sessions)).Get(path("session, user"), withUser)
	return throughHTTP(r, tokens, sessions)
}

func onEcho(_ *testing.B, tokens, sessions app) map[string]func(*testing.B) {
	e := echo.New()
	bare := func(c *echo.Context) error { return c.NoContent(http.StatusNoContent) }
	user := func(c *echo.Context) error {
		if _, ok := echoauth.CurrentUser[latchkey.User](c); !ok {
			return echo.ErrUnauthorized
		}
		return bare(c)
	}
	e.GET(path("bare"), bare)
	e.GET(path("their JWT"), bare, echojwt.WithConfig(echojwt.Config{SigningKey: secret[:]}))
	e.GET(path("JWT, ID"), bare, echoauth.Require(tokens, latchkey.SessionOnly))
	e.GET(path("JWT, user"), user, echoauth.Require(tokens))
	e.GET(path("session, user"), user, echoauth.Require(sessions))
	return throughHTTP(e, tokens, sessions)
}

func onGin(b *testing.B, tokens, sessions app) map[string]func(*testing.B) {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	bare := func(c *gin.Context) { c.Status(http.StatusNoContent) }
	user := func(c *gin.Context) {
		if _, ok := ginauth.CurrentUser[latchkey.User](c); ok {
			bare(c)
		}
	}
	theirs := &ginjwt.GinJWTMiddleware{Realm: "benchmark", Key: secret[:], Timeout: time.Hour, IdentityKey: "sub"}
	check(b, theirs.MiddlewareInit())
	r.GET(path("bare"), bare)
	r.GET(path("their JWT"), theirs.MiddlewareFunc(), bare)
	r.GET(path("JWT, ID"), ginauth.Require(tokens, latchkey.SessionOnly), bare)
	r.GET(path("JWT, user"), ginauth.Require(tokens), user)
	r.GET(path("session, user"), ginauth.Require(sessions), user)
	return throughHTTP(r, tokens, sessions)
}

func onFiber(_ *testing.B, tokens, sessions app) map[string]func(*testing.B) {
	f := fiber.New()
	bare := func(c fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) }
	user := func(c fiber.Ctx) error {
		if _, ok := fiberauth.CurrentUser[latchkey.User](c); !ok {
			return fiber.ErrUnauthorized
		}
		return bare(c)
	}
	f.Get(path("bare"), bare)
	f.Get(path("their JWT"),
		fiberjwt.New(fiberjwt.Config{SigningKey: fiberjwt.SigningKey{JWTAlg: "HS256", Key: secret[:]}}), bare)
	f.Get(path("JWT, ID"), fiberauth.Require(tokens, latchkey.SessionOnly), bare)
	f.Get(path("JWT, user"), fiberauth.Require(tokens), user)
	f.Get(path("session, user"), fiberauth.Require(sessions), user)
	f.Handler() // builds the router
	all := map[string]func(*testing.B){}
	for name, token := range paths(tokens, sessions) {
		request := "GET " + path(name) + " HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer " + token + "\r\n\r\n"
		all[name] = func(b *testing.B) {
			c := &client{b: b, request: request}
			check(b, f.Server().ServeConn(c))
			if !strings.HasPrefix(c.answer, "HTTP/1.1 204 ") {
				b.Fatalf("the answer is %q", c.answer)
			}
		}
	}
	return all
}

// client is a connection over which one request comes again and again, as long
// as the benchmark runs.
type client struct {
	net.Conn
	b               *testing.B
	request, answer string
}

func (c *client) Read(p []byte) (int, error) {
	if !c.b.Loop() {
		return 0, io.EOF
	}
	return copy(p, c.request), nil
}

func (c *client) Write(p []byte) (int, error) {
	if c.answer == "" {
		c.answer = string(p)
	}
	return len(p), nil
}

func (*client) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711} }
func (*client) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
func (*client) SetReadDeadline(time.Time) error  { return nil }
func (*client) SetWriteDeadline(time.Time) error { return nil }
func (*client) Close() error                     { return nil }
