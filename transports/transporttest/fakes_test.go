package transporttest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// fake is a transport each of whose methods can be broken.
type fake struct {
	extract func(core.Head) (string, error)
	protect func(core.Head) error
	attach  func(*core.Response, core.Token)
	clear   func(*core.Response)
	scheme  string
}

func (f *fake) Extract(h core.Head) (string, error)        { return f.extract(h) }
func (f *fake) Protect(h core.Head) error                  { return f.protect(h) }
func (f *fake) Attach(resp *core.Response, tok core.Token) { f.attach(resp, tok) }
func (f *fake) Clear(resp *core.Response)                  { f.clear(resp) }
func (f *fake) Scheme() json.RawMessage                    { return json.RawMessage(f.scheme) }

// challenging is a fake with a challenge.
type challenging struct {
	*fake
	challenge string
}

func (c challenging) Challenge(bool) string { return c.challenge }

func answer(resp *core.Response, body []byte) {
	resp.Status, resp.Body = http.StatusOK, body
	resp.Header.Set("Cache-Control", "no-store")
}

// explicit returns a bearer transport that keeps every rule.
func explicit() *fake {
	return &fake{
		extract: core.BearerToken,
		protect: func(core.Head) error { return nil },
		attach:  func(resp *core.Response, tok core.Token) { answer(resp, []byte(`{"access_token":"`+tok.Raw+`"}`)) },
		clear:   func(*core.Response) {},
		scheme:  `{"type":"http","scheme":"bearer"}`,
	}
}

// ambient returns a cookie transport that keeps every rule.
func ambient() *fake {
	f := &fake{scheme: `{"type":"apiKey","in":"cookie","name":"s"}`}
	f.protect = func(h core.Head) error {
		if core.IsCrossOrigin(h, nil) {
			return &core.Error{Code: core.CodeCrossOriginRefused, Status: http.StatusForbidden}
		}
		return nil
	}
	f.extract = func(h core.Head) (string, error) {
		value, err := core.CookieValue(h, "s")
		if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
			forget := core.Empty(0)
			f.clear(forget)
			refusal.Header = forget.Header
		}
		if err == nil {
			err = f.protect(h)
		}
		if err != nil {
			return "", err
		}
		return value, nil
	}
	f.attach = func(resp *core.Response, tok core.Token) {
		answer(resp, nil)
		resp.Header.Set("Set-Cookie", "s="+tok.Raw+"; Path=/")
	}
	f.clear = func(resp *core.Response) { resp.Header.Set("Set-Cookie", "s=; Path=/; Max-Age=0") }
	return f
}

// oneLine hides all lines of a header but the first.
type oneLine struct{ core.Head }

func (o oneLine) Lines(header string) []string {
	lines := o.Head.Lines(header)
	return lines[:min(len(lines), 1)]
}

// unsafe makes every method POST.
type unsafe struct{ core.Head }

func (unsafe) Method() string { return http.MethodPost }

// holding is an ambient fake that is a core.Holder, each of whose methods can
// be broken.
type holding struct {
	*fake
	hold    func(*core.Response, string, time.Duration)
	held    func(core.Head) string
	release func(*core.Response)
}

func (f *holding) Hold(resp *core.Response, pending string, age time.Duration) {
	f.hold(resp, pending, age)
}
func (f *holding) Held(h core.Head) string     { return f.held(h) }
func (f *holding) Release(resp *core.Response) { f.release(resp) }

// holder returns a holding that keeps every rule.
func holder() *holding {
	f := &holding{fake: ambient()}
	f.hold = func(resp *core.Response, pending string, _ time.Duration) {
		resp.Header.Add("Set-Cookie", "p="+pending+"; Path=/; HttpOnly")
	}
	f.held = func(h core.Head) string {
		value, err := core.CookieValue(h, "p")
		if err != nil || core.IsCrossOrigin(h, nil) {
			return ""
		}
		return value
	}
	f.release = func(resp *core.Response) { resp.Header.Add("Set-Cookie", "p=; Path=/; Max-Age=0") }
	return f
}
