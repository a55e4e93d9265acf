package goth_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/markbates/goth"

	"github.com/latchkey-go/latchkey/providers/gothprovider"
)

var update = flag.Bool("update", false, "write ../../docs/goth-providers.md")

const page = "../../docs/goth-providers.md"

// docs/goth-providers.md is generated from the tables here and from
// gothprovider.New's errors.
func TestThePageIsCurrent(t *testing.T) {
	old, err := os.ReadFile(page)
	if err != nil && !*update {
		t.Fatal(err)
	}
	text := intro + tableText(t)
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(old) != text {
		t.Error("docs/goth-providers.md is out of date: GOWORK=off go test -run TestThePageIsCurrent -update")
	}
}

const intro = `# The providers of goth

What module ` + "`providers/gothprovider`" + ` makes of each provider of [goth](https://github.com/markbates/goth). This page is made by a test: run
` + "`GOWORK=off go test -run TestThePageIsCurrent -update`" + ` in ` + "`integration/goth/`" + `. Every provider that works is run there through a login
against a stand-in that answers in the shape that goth reads; whether a service still runs, and still answers so, is not tested.

- All that work have state and PKCE (S256) from Latchkey, and none has verified addresses: they never link accounts.
- **E-mail**: without one, a person who logs in for the first time is refused (` + "`OAUTH_NOT_AVAILABLE_EMAIL`" + `).
- **Refresh** says whether goth renews access tokens.
- **Preset** is a better choice for the same service: it has verified addresses where the service says so, and ID tokens with a nonce. See
  [Providers](providers.md).
- **Needs** is what it takes beside an ID and a secret.

| goth's provider | login | PKCE | e-mail | refresh | preset | needs, or why it is refused |
|---|---|---|---|---|---|---|
`

func tableText(t *testing.T) string {
	var lines []string
	for _, r := range carried {
		preset := "–"
		if r.preset != "" {
			preset = "`providers." + r.preset + "`"
		}
		lines = append(lines, fmt.Sprintf("| `%s` | works | S256 | %s | %s | %s | %s |\n",
			folder(r.provider), yes(r.email != ""), yes(r.provider.RefreshTokenAvailable()), preset, r.needs))
	}
	for _, p := range refused {
		reason := why(t, p)
		preset := "–"
		if before, name, ok := strings.Cut(reason, "; use "); ok {
			reason, preset = before, "`"+name+"`"
		}
		lines = append(lines, fmt.Sprintf("| `%s` | refused | – | – | – | %s | %s |\n", folder(p), preset, reason))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func folder(p goth.Provider) string { return path.Base(reflect.TypeOf(p).Elem().PkgPath()) }

// why returns the reason in New's error.
func why(t *testing.T, p goth.Provider) string {
	t.Helper()
	_, err := gothprovider.New(p, gothprovider.Options{})
	if err == nil {
		t.Fatalf("%s is not refused", folder(p))
	}
	_, reason, ok := strings.Cut(err.Error(), " is refused: ")
	if !ok {
		t.Fatalf("%s: the error is %v", folder(p), err)
	}
	return reason
}

func TestEachProviderOfGothIsInOneTable(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-find", "github.com/markbates/goth/providers/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all, here []string
	for _, p := range strings.Fields(string(out)) {
		all = append(all, path.Base(p))
	}
	for _, r := range carried {
		here = append(here, folder(r.provider))
	}
	for _, p := range refused {
		here = append(here, folder(p))
	}
	slices.Sort(all)
	slices.Sort(here)
	if !slices.Equal(all, here) {
		t.Errorf("goth has\n%v, the tables\n%v", all, here)
	}
}
