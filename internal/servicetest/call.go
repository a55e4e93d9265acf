package servicetest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// head is a request's head with a body's type.
type head struct{ method, media string }

func (h head) Method() string { return h.method }
func (h head) Host() string   { return "app.example.org" }
func (h head) Lines(name string) []string {
	if name == "Content-Type" && h.media != "" {
		return []string{h.media}
	}
	return nil
}

// Call is a request to a route of a flow: "POST /login", or with a value for
// the pattern's {id}, and a query, "GET /42?limit=1".
type Call struct {
	Route string
	JSON  string
	Form  url.Values
	From  string        // the client's address; "" for 192.0.2.1
	As    *Account      // the caller, nil for nobody
	In    *core.Session // the caller's session; nil for one of As
}

// Do handles a request by the flow's route, as it is behind its guards.
func (s *Services) Do(ctx context.Context, f core.Flow, c Call) (*core.Response, error) {
	s.t.Helper()
	routes, err := f.Routes(s.Services)
	if err != nil {
		s.t.Fatal(err)
	}
	method, target, _ := strings.Cut(c.Route, " ")
	path, query, _ := strings.Cut(target, "?")
	r := &core.Request{Head: head{method, ""}, Path: path, Remote: netip.MustParseAddr("192.0.2.1")}
	r.Query, _ = url.ParseQuery(query)
	if c.From != "" {
		r.Remote = netip.MustParseAddr(c.From)
	}
	r.Body = strings.NewReader(c.JSON)
	switch {
	case c.Form != nil:
		r.Head, r.Body = head{method, "application/x-www-form-urlencoded"}, strings.NewReader(c.Form.Encode())
	case c.JSON != "":
		r.Head = head{method, "application/json"}
	}
	if c.As != nil {
		session := c.In
		if session == nil {
			session = &core.Session{ID: "own", UserID: c.As.ID, Backend: "web", Epoch: c.As.TokenEpoch}
		}
		ctx = core.WithCurrent(ctx, core.Current{Session: session, User: s.Get(c.As.ID)})
	}
	for _, route := range routes {
		values, fits := match(route.Pattern, path)
		if route.Method == method && fits {
			r.Route, r.Param = route.Name, func(name string) string { return values[name] }
			return route.Handle(ctx, r)
		}
	}
	s.t.Fatalf("the flow %s has no route %s", f.Name(), c.Route)
	return nil, nil
}

// match returns the values of a pattern's parameters.
func match(pattern, path string) (values map[string]string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	values = map[string]string{}
	for i, step := range want {
		name, is := strings.CutPrefix(step, "{")
		if !is && step != got[i] || is && got[i] == "" {
			return nil, false
		}
		values[strings.TrimSuffix(name, "}")] = got[i]
	}
	return values, true
}

// Want fails unless the call ends as wanted: with the status and the code of a
// refusal, "" for one without a code, or with the status of a response and a
// part of its body.
func (s *Services) Want(ctx context.Context, f core.Flow, c Call, status int, part string) *core.Response {
	s.t.Helper()
	resp, err := s.Do(ctx, f, c)
	if refusal := (*core.Error)(nil); errors.As(err, &refusal) {
		problems, _ := json.Marshal(refusal.Problems)
		if refusal.Status != status || part != "" && refusal.Code != part && !strings.Contains(string(problems), part) {
			s.t.Errorf("%s %s%s: refused with %d %s %s, want %d %s", c.Route, c.JSON, c.Form.Encode(), refusal.Status,
				refusal.Code, problems, status, part)
		}
		return nil
	}
	if err != nil {
		s.t.Errorf("%s %s: %v, which is no answer", c.Route, c.JSON, err)
		return nil
	}
	if resp.Status != status || !strings.Contains(string(resp.Body), part) || status >= http.StatusBadRequest {
		s.t.Errorf("%s %s%s: got %d %s, want %d %s", c.Route, c.JSON, c.Form.Encode(), resp.Status, resp.Body, status, part)
	}
	return resp
}

// Addr is a client's address.
func Addr(ip string) netip.Addr { return netip.MustParseAddr(ip) }
