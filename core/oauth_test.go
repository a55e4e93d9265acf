package core_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// An identity fits into a ticket, whatever a provider has answered.
func TestFieldM9PortableIdentities(t *testing.T) {
	yes, long := true, strings.Repeat("x", 8<<10)
	whole := core.OAuthIdentity{
		Provider: "google", Subject: "1", Email: "ada@example.org", EmailVerified: &yes, Name: "Ada",
		Picture: "https://example.org/1", Claims: json.RawMessage(`{"hd":"example.org"}`),
	}
	with := func(change func(*core.OAuthIdentity)) *core.OAuthIdentity {
		changed := whole
		change(&changed)
		return &changed
	}
	none := with(func(i *core.OAuthIdentity) { i.Claims = nil })
	for name, c := range map[string]struct{ given, want *core.OAuthIdentity }{
		"nobody":           {nil, nil},
		"all of it":        {&whole, &whole},
		"no claims":        {none, none},
		"claims too long":  {with(func(i *core.OAuthIdentity) { i.Claims = json.RawMessage(`"` + long + `"`) }), none},
		"claims not JSON":  {with(func(i *core.OAuthIdentity) { i.Claims = json.RawMessage("hd=x") }), none},
		"a name too long":  {with(func(i *core.OAuthIdentity) { i.Name = long }), &core.OAuthIdentity{Provider: "google", Subject: "1"}},
		"not even a claim": {&core.OAuthIdentity{}, &core.OAuthIdentity{}},
	} {
		got, err := json.Marshal(c.given.Portable())
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(c.want)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		var back *core.OAuthIdentity
		if err := json.Unmarshal(got, &back); err != nil || back != nil && string(back.Claims) == "null" {
			t.Errorf("%s: %s is read as %+v (%v)", name, got, back, err)
		}
	}
}
