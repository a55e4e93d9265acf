package pages_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// What the walks watch for is noticed.
func TestTheBrowserComplains(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	elsewhere := newApp(t, frameworks[1].root, "", nil)
	for name, c := range map[string]struct {
		below, complaint string
		without          bool // scripts
	}{
		"an inline style":          {`<p style="color: red">red</p>`, "Content Security Policy", true},
		"an inline script":         {`<script>document.title = "mine"</script>`, "Content Security Policy", false},
		"an image of another site": {`<img src="` + elsewhere.origin + `/a.png" alt="">`, "Content Security Policy", true},
		"a way to another site":    {`<a href="` + elsewhere.origin + `/login">leave</a>`, "a request to ", true},
		"nothing":                  {`<p>fine</p>`, "", true},
	} {
		a := newApp(t, frameworks[1].root, "", func(o *pagewalk.Options) {
			o.Pages.Templates = fstest.MapFS{"below.html": {Data: []byte(c.below)}}
		})
		for _, scripts := range []bool{true, false} {
			if !scripts && !c.without {
				continue
			}
			p := a.person(t, browser, setting{390, 844, true, scripts})
			p.opens("/login")
			if strings.Contains(c.below, "leave") {
				p.follows("leave")
			}
			got := strings.Join(p.complaints(), "\n")
			if !strings.Contains(got, c.complaint) || (got == "") != (c.complaint == "") {
				t.Errorf("%s, scripts %v: the browser says %q", name, scripts, got)
			}
		}
	}
}
