package mongostore_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/drivertest"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/xoptions"
)

const (
	patience = 400 * time.Millisecond
	// tooLate is far beyond the patience on a busy machine, and far below
	// the driver's own limits.
	tooLate = 4 * time.Second
)

// hanging is a proxy to the server through which nothing passes while it is
// locked.
type hanging struct {
	sync.RWMutex
	listener net.Listener
}

// newHanging returns such a proxy, and its URI.
func newHanging(t *testing.T) (*hanging, string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	h := &hanging{}
	if h.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.listener.Close() })
	go h.serve(u.Host)
	u.Host = h.listener.Addr().String()
	return h, u.String()
}

func (h *hanging) serve(server string) {
	for {
		client, err := h.listener.Accept()
		if err != nil {
			return
		}
		upstream, err := net.Dial("tcp", server)
		if err != nil {
			_ = client.Close()
			continue
		}
		go h.pass(client, upstream)
		go h.pass(upstream, client)
	}
}

// pass closes both connections when one closes.
func (h *hanging) pass(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		h.RLock()
		h.RUnlock() //nolint:staticcheck // it waits
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func TestPatience(t *testing.T) {
	t.Run("F27 a server that hangs", func(t *testing.T) {
		h, through := newHanging(t)
		client, err := mongo.Connect(options.Client().ApplyURI(through).SetMaxPoolSize(2))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, store, us := openIn[core.User](t, newDB(t, client), mongostore.Options{Patience: patience})
		u := ada()
		if err := us.Create(ctx, u); err != nil {
			t.Fatal(err)
		}
		calls := map[string]func(ctx context.Context) error{
			"Find": func(ctx context.Context) error {
				_, err := us.Find(ctx, core.ByID(u.ID))
				return err
			},
			"Create": func(ctx context.Context) error { return us.Create(ctx, &core.User{}) },
			"Update": func(ctx context.Context) error {
				_, err := us.Update(ctx, u.ID, func(u *core.User) error { u.TokenEpoch++; return nil })
				return err
			},
			"List": func(ctx context.Context) error {
				_, _, err := us.List(ctx, core.Query{Email: "ada", Limit: 10})
				return err
			},
			"Sessions.Delete": func(ctx context.Context) error { return store.Sessions().Delete(ctx, [32]byte{1}) },
			"Limiter.Take": func(ctx context.Context) error {
				_, err := store.Limiter().Allow(ctx, "key", core.Limit{Events: 1 << 20, Window: time.Hour})
				return err
			},
		}
		answers := func() {
			t.Helper()
			for name, call := range calls {
				for end := time.Now().Add(tooLate); ; time.Sleep(10 * time.Millisecond) {
					err := call(ctx)
					if err == nil {
						break
					}
					if time.Now().After(end) {
						t.Fatalf("%s: %v", name, err)
					}
				}
			}
		}
		answers()
		before := runtime.NumGoroutine()

		h.Lock()
		var all sync.WaitGroup
		for name, call := range calls {
			all.Go(func() { wantGivenUp(t, name, func() error { return call(ctx) }) })
		}
		all.Wait()
		hurried, stop := context.WithTimeout(ctx, patience/4)
		defer stop()
		if err := calls["Find"](hurried); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller's own deadline: %v", err)
		}
		h.Unlock()
		answers()
		after := runtime.NumGoroutine()
		for end := time.Now().Add(tooLate); after > before && time.Now().Before(end); after = runtime.NumGoroutine() {
			time.Sleep(10 * time.Millisecond) // connections close
		}
		if after > before+len(calls) { // those of the pool, and of the proxy
			t.Errorf("there were %d goroutines before, %d after", before, after)
		}

		// The twin: slower than usual, and within the patience.
		h.Lock()
		time.AfterFunc(patience/4, h.Unlock)
		if err := calls["Find"](ctx); err != nil {
			t.Errorf("an answer that comes in time: %v", err)
		}
		// Without patience only the caller's context ends the wait.
		_, _, endless := openIn[core.User](t, client.Database("latchkey_endless"), mongostore.Options{Patience: -1})
		h.Lock()
		defer h.Unlock()
		long, stop := context.WithTimeout(ctx, 2*patience)
		defer stop()
		if _, err := endless.Find(long, core.ByID(u.ID)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without patience: %v", err)
		}
	})
	for name, command := range map[string]string{"F27 a commit": "commitTransaction",
		"F27 an undoing": "abortTransaction"} {
		t.Run(name, func(t *testing.T) {
			opts := options.Client().SetMonitor(&event.CommandMonitor{Started: func(ctx context.Context,
				e *event.CommandStartedEvent) {
				if e.CommandName == command {
					<-ctx.Done() // the server hangs
				}
			}})
			if err := xoptions.SetInternalClientOptions(opts, "deployment",
				drivertest.NewMockDeployment([]bson.D{nothing, fine}...)); err != nil {
				t.Fatal(err)
			}
			client, err := mongo.Connect(opts)
			if err != nil {
				t.Fatal(err)
			}
			store, err := mongostore.New(client.Database("app"), mongostore.Options{Patience: patience})
			if err != nil {
				t.Fatal(err)
			}
			us, err := mongostore.Users[core.User](store)
			if err != nil {
				t.Fatal(err)
			}
			wantGivenUp(t, name, func() error {
				return store.Transact(t.Context(), func(ctx context.Context) error {
					err := us.Create(ctx, ada())
					if command == "abortTransaction" {
						err = errors.Join(err, errors.New("refused"))
					}
					return err
				})
			})
		})
	}
}

// wantGivenUp fails unless the call returns, in time, an error that is none of
// core's.
func wantGivenUp(t *testing.T, name string, call func() error) {
	t.Helper()
	begun := time.Now()
	err := call()
	if took := time.Since(begun); err == nil || took > tooLate {
		t.Errorf("%s: %v after %v", name, err, took)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, core.ErrNotFound) {
		t.Errorf("%s: %v passes for something else", name, err)
	}
}
