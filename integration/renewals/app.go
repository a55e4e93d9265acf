// Package renewals checks that no login is lost while its tokens are renewed,
// whatever is killed meanwhile: the application, or its database.
//
//	if os.Getenv("VICTIM") != "" { // in the process to kill
//		renewals.Serve(users, store.Sessions(), clock)
//	}
//	renewals.Survive(t, 200, renewals.NewProcess(t, command))
package renewals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

const (
	address  = "ada@example.org"
	password = "nine lanterns over water"
	// userID is fixed, since users may be in the memory of a process.
	userID = "0190a5d4-7b1c-7e3a-9f0d-5b2c8e6a4d10"
)

// Clock stands still until it is moved, so that no machine is too slow for a
// grace. Its zero value shows a time of this century.
type Clock struct{ seconds atomic.Int64 }

// Now returns the time.
func (c *Clock) Now() time.Time {
	return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC).Add(time.Duration(c.seconds.Load()) * time.Second)
}

// Handler returns an application over stores, with a user and the backend
// "mobile". POST /clock?seconds=n moves its clock.
func Handler(
	ctx context.Context, users core.UserStore[core.User], sessions core.SessionStore, clock *Clock,
) (http.Handler, error) {
	key, err := jwt.HS256("test", []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"))
	if err != nil {
		return nil, err
	}
	access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute, Now: clock.Now})
	if err != nil {
		return nil, err
	}
	strategy, err := refresh.New(sessions, access, refresh.Options{Now: clock.Now})
	if err != nil {
		return nil, err
	}
	auth, err := latchkey.New(users, latchkey.Options[core.User]{
		Backends: []latchkey.Backend{{
			Name: "mobile", Transport: bearer.New(bearer.Options{Now: clock.Now}), Strategy: strategy,
		}},
		Hashers: []core.Hasher{authtest.Hasher()}, InsecureNoLimits: true, Now: clock.Now,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	ada := &core.User{ID: userID, Email: address, IsActive: true}
	if _, err := users.Find(ctx, core.ByID(userID)); errors.Is(err, core.ErrNotFound) {
		err = auth.Manager().Create(ctx, ada, password)
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/mobile", auth.Login("mobile"))
	httpauth.Mount(mux, "/auth", auth.Sessions())
	httpauth.Mount(mux, "/users", auth.Users())
	mux.HandleFunc("POST /clock", func(_ http.ResponseWriter, r *http.Request) {
		seconds, _ := strconv.ParseInt(r.FormValue("seconds"), 10, 64)
		clock.seconds.Store(seconds)
	})
	return mux, nil
}

// Serve serves Handler, and prints its URL. It is for a process to kill, and
// does not return.
func Serve(users core.UserStore[core.User], sessions core.SessionStore, clock *Clock) {
	handler, err := Handler(context.Background(), users, sessions, clock)
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintf(os.Stdout, "http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	panic(server.Serve(listener))
}
