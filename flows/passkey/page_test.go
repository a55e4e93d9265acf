package passkey_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/flows/passkey"
)

// The scripts of the guide call routes that exist, and read what is answered.
func TestScriptsOfTheGuide(t *testing.T) {
	t.Parallel()
	a := newApp(t, passkey.Options{}, nil)
	routes := map[string]bool{}
	for _, e := range a.API() {
		routes[e.Method+" "+e.Prefix+e.Pattern] = true
	}
	calls := regexp.MustCompile(`post\("([^"]+)"`)
	for name, want := range map[string]int{"testdata/login.js": 2, "testdata/register.js": 4} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := calls.FindAllStringSubmatch(string(text), -1)
		for _, call := range found {
			if !routes[http.MethodPost+" /auth/web"+call[1]] {
				t.Errorf("%s: POST %s is no route", name, call[1])
			}
		}
		if len(found) != want || !strings.Contains(string(text), "publicKey") {
			t.Errorf("%s has %d calls, want %d", name, len(found), want)
		}
	}
}
