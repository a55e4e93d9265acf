package latchkey_test

import (
	"context"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// codesOf returns the codes of a route's Doc that are among some.
func codesOf(t *testing.T, auth *latchkey.Auth[Member], route string, some ...string) (found []string) {
	t.Helper()
	e, ok := auth.Services().Pages.Route(route)
	if !ok {
		t.Fatalf("there is no route %s", route)
	}
	return slices.DeleteFunc(slices.Clone(e.Doc.Codes), func(c string) bool { return !slices.Contains(some, c) })
}

func TestDocsSayWhereAnOriginMatters(t *testing.T) {
	t.Parallel()
	transport, err := cookie.New(cookie.Options{})
	if err != nil {
		t.Fatal(err)
	}
	browser := latchkey.Backend{Name: "browser", Transport: transport, Strategy: static{}}
	with := newApp(t, func(o *latchkey.Options[Member]) { o.Backends = append(o.Backends, browser) })
	for route, want := range map[string]bool{
		"auth:browser.login": true, "auth:browser.logout": true, "auth:web.logout": true, // which take each other's credentials
		"users:patch_current_user": true, "sessions:delete": true, "verify:verify": true,
		"auth:web.login": false, "register:register": false, "users:current_user": false, "users:list_users": false,
	} {
		if got := codesOf(t, with.Auth, route, core.CodeCrossOriginRefused); (len(got) == 1) != want {
			t.Errorf("%s: %v, want one: %v", route, got, want)
		}
	}
	if got := codesOf(t, newApp(t, nil).Auth, "auth:web.logout", core.CodeCrossOriginRefused); got != nil {
		t.Errorf("without a backend that browsers use: %v", got)
	}
}

func TestDocsOfLoginsSayThatTheyMayNeedMore(t *testing.T) {
	t.Parallel()
	more := []string{core.CodeLoginFactorRequired, core.CodeLoginEnrolment}
	if got := codesOf(t, newApp(t, nil).Auth, "auth:web.login", more...); len(got) > 0 {
		t.Errorf("without a factor: %v", got)
	}
	factor := func(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, secondFactor{}) }
	a := newApp(t, factor)
	if got := codesOf(t, a.Auth, "auth:web.login", more...); !slices.Equal(got, more[:1]) {
		t.Errorf("with a factor: %v", got)
	}
	if got := codesOf(t, a.Auth, "register:register", more...); len(got) > 0 {
		t.Errorf("what is no login: %v", got)
	}
	b := newApp(t, func(o *latchkey.Options[Member]) {
		o.Flows = append(o.Flows, enrolling{})
		o.RequireFactor = func(context.Context, *Member) (bool, error) { return true, nil }
	})
	if got := codesOf(t, b.Auth, "auth:web.login", more...); !slices.Equal(got, more) {
		t.Errorf("where one is required: %v", got)
	}
}
