package pages_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// onEveryFramework runs a test on all adapters: at the root, at a prefix, and
// in a router below another one; with an application of its own at each.
func onEveryFramework(t *testing.T, test func(*pagewalk.App, *testing.T, pagewalk.Serve)) {
	t.Helper()
	for _, f := range frameworks {
		for name, place := range map[string]struct {
			prefix string
			route  func(core.Group) router
		}{
			"at the root": {"", func(g core.Group) router { return f.at("", g) }},
			"at a prefix": {"/a/prefix", func(g core.Group) router { return f.at("/a/prefix", g) }},
			"below":       {nested, f.below},
		} {
			t.Run(f.name+" "+name, func(t *testing.T) {
				t.Parallel()
				a := pagewalk.New(t, place.prefix, nil)
				test(a, t, place.route(a.Routes()).Serve)
			})
		}
	}
}

// Register, log in, a forgotten password, the account, a provider, another
// project's second factor, administration, languages.
func TestWalk(t *testing.T) { onEveryFramework(t, (*pagewalk.App).Walk) }

func TestPostsOfAnotherSiteAreRefused(t *testing.T) { onEveryFramework(t, (*pagewalk.App).CrossSite) }

func TestPagesAndAPIReachALimitTogether(t *testing.T) { onEveryFramework(t, (*pagewalk.App).Failures) }
