package devicegrant_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// app is an application whose users let devices log in.
type app struct {
	*factortest.App
	t     *testing.T
	heard *heard
}

type options = latchkey.Options[factortest.Member]

func newApp(t *testing.T, f devicegrant.Flow, change func(*options)) app {
	t.Helper()
	a := app{t: t, heard: &heard{}}
	a.App = factortest.New(t, func(o *options) {
		o.Flows = append(o.Flows, f, a.heard)
		if change != nil {
			change(o)
		}
	})
	return a
}

// limited is for applications with limits.
func limited(o *options) { o.Limiter = memstore.NewLimiter(memstore.LimiterOptions{}) }

// heard is a flow that keeps events.
type heard struct {
	mu     sync.Mutex
	events []core.Event
}

func (*heard) Name() string                                { return "heard" }
func (*heard) PerBackend() bool                            { return false }
func (*heard) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (h *heard) On(_ context.Context, _ *core.Services, e core.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// of returns the events of a kind.
func (h *heard) of(kind core.EventKind) (all []core.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

// device is a program without a browser that has begun to log in.
type device struct {
	*factortest.Client
	a          app
	code, user string
	answer     map[string]any
}

func (a app) device() device {
	a.t.Helper()
	d := device{Client: a.Client("api"), a: a}
	d.Header.Set("User-Agent", "acme-cli/1.2")
	d.answer = d.Ask("/device/authorize", `{}`, 200, `"verification_uri":"https://app.example.org/device"`)
	d.code, d.user = d.answer["device_code"].(string), d.answer["user_code"].(string)
	return d
}

// polls expects an answer with a part.
func (d device) polls(status int, part string) map[string]any {
	d.a.t.Helper()
	return d.Ask("/device/token", poll(d.code), status, part)
}

// wants polls, and expects a refusal with its word of OAuth.
func (d device) wants(code, word string) {
	d.a.t.Helper()
	d.polls(400, `{"detail":"`+code+`","error":"`+word+`"}`)
}

func (d device) waits() {
	d.a.t.Helper()
	d.wants("DEVICE_AUTHORIZATION_PENDING", "authorization_pending")
}
func (d device) isDenied() { d.a.t.Helper(); d.wants("DEVICE_ACCESS_DENIED", "access_denied") }
func (d device) isBad()    { d.a.t.Helper(); d.wants("DEVICE_BAD_CODE", "invalid_grant") }

func poll(code string) string {
	return `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=cli&device_code=` + code
}

// person is a browser of Ada's, who is logged in there.
type person struct {
	*factortest.Client
	a app
}

func (a app) ada() person { return a.person("web", factortest.Ada) }

func (a app) person(backend, email string) person {
	a.t.Helper()
	c := a.Client(backend)
	c.Ask("/login", `{"email": "`+email+`", "password": "`+factortest.Password+`"}`, c.Done(), "")
	return person{c, a}
}

// does posts a user code to a route of the person's.
func (p person) does(route, user string, status int, part string) map[string]any {
	return p.Ask("/device/"+route, typed(user), status, part)
}

func typed(user string) string {
	body, _ := json.Marshal(map[string]string{"user_code": user})
	return string(body)
}

// lets has the person let a device log in.
func (p person) lets(d device) {
	d.a.t.Helper()
	p.does("claim", d.user, 200, "acme-cli/1.2")
	p.does("approve", d.user, 204, "")
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f(t)
		synctest.Wait()
	})
}

// at is a moment of the bubble.
func at(d time.Duration) { time.Sleep(d) }
