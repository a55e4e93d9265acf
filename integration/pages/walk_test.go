package pages_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// onEveryFramework runs a test on all adapters, at the root and below a prefix
// of the framework's own, with an application of its own at each.
func onEveryFramework(t *testing.T, test func(*pagewalk.App, *testing.T, pagewalk.Serve)) {
	t.Helper()
	for _, f := range frameworks {
		for prefix, route := range map[string]func(core.Group) router{"": f.root, nested: f.below} {
			t.Run(f.name+" at "+prefix+"/", func(t *testing.T) {
				t.Parallel()
				a := pagewalk.New(t, prefix, nil)
				test(a, t, route(a.Routes()).Serve)
			})
		}
	}
}

// Register, log in, a forgotten password, the account, a provider, another
// project's second factor, administration, languages.
func TestWalk(t *testing.T) { onEveryFramework(t, (*pagewalk.App).Walk) }

func TestPostsOfAnotherSiteAreRefused(t *testing.T) { onEveryFramework(t, (*pagewalk.App).CrossSite) }

func TestPagesAndAPIReachALimitTogether(t *testing.T) { onEveryFramework(t, (*pagewalk.App).Failures) }
