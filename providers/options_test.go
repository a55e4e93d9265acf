package providers_test

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// TestFieldM5ClientAuthentication: the method that was chosen is the one of
// every call that needs one.
func TestFieldM5ClientAuthentication(t *testing.T) {
	const basic, post = "client_secret_basic", "client_secret_post"
	both := []string{post, basic}
	for name, c := range map[string]struct {
		methods any
		chosen  string
		basic   bool
	}{
		"both are listed":               {both, "", true},
		"both are listed, one chosen":   {both, post, false},
		"both are listed, other chosen": {both, basic, true},
		"none is listed":                {nil, "", true},
		"none is listed, one chosen":    {nil, post, false},
		"one is listed":                 {[]string{post}, "", false},
		"the other one is chosen":       {[]string{post}, basic, true},
	} {
		f := newRealm("https://idp.example")
		f.change = map[string]any{"token_endpoint_auth_methods_supported": c.methods}
		o := oidcOptions(f.issuer)
		o.ClientAuth = c.chosen
		p, err := f.by(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := use(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(f.basic) != 4 || slices.Contains(f.basic, !c.basic) { // exchange, refresh, two revocations
			t.Errorf("%s: the secret is in the header: %v", name, f.basic)
		}
	}
	// GitHub's secret is in the body, Bitbucket's in the header.
	for i, make := range []func(...providers.Option) *providers.Provider{work[0].make, work[2].make} {
		p := []preset{work[0], work[2]}[i]
		p.basic = !p.basic
		method := map[bool]string{true: basic, false: post}[p.basic]
		p.make = func(o ...providers.Option) *providers.Provider {
			return make(append(o, providers.WithClientAuth(method))...)
		}
		t.Run(p.name, func(t *testing.T) { p.check(t, nil, "ada@example.com", p.verified) })
	}
}

func TestFieldM5Refusals(t *testing.T) {
	for _, word := range []string{"basic", "Client_Secret_Basic", "private_key_jwt", " client_secret_post", "none"} {
		o := oidcOptions("https://idp.example")
		o.ClientAuth = word
		if _, err := providers.OIDC(o); err == nil || !strings.Contains(err.Error(), "client authentication") {
			t.Errorf("OIDC, %s: %v", word, err)
		}
		plain := oauth2Options("https://idp.example")
		plain.ClientAuth = word
		if _, err := providers.OAuth2(plain); err == nil || !strings.Contains(err.Error(), "client authentication") {
			t.Errorf("OAuth2, %s: %v", word, err)
		}
		if providers.GitHub("id", "secret", providers.WithClientAuth(word)).Err() == nil {
			t.Errorf("GitHub, %s: it is taken", word)
		}
	}
	for _, word := range []string{"client_secret_basic", "client_secret_post"} {
		o := oidcOptions("https://idp.example")
		o.ClientAuth, o.ClientSecret = word, ""
		if _, err := providers.OIDC(o); err == nil || !strings.Contains(err.Error(), "secret") {
			t.Errorf("%s without a secret: %v", word, err)
		}
		if providers.Apple("id", providers.AppleKey{}, providers.WithClientAuth(word)).Err() == nil {
			t.Errorf("Apple without a key, %s", word)
		}
	}
	o := oidcOptions("https://idp.example")
	o.ClientAuth, o.ClientSecret = "none", ""
	if _, err := providers.OIDC(o); err != nil {
		t.Error(err)
	}
	plain := oauth2Options("https://idp.example")
	plain.BasicAuth, plain.ClientAuth = true, "client_secret_post"
	if _, err := providers.OAuth2(plain); err == nil || !strings.Contains(err.Error(), "differ") {
		t.Errorf("both methods: %v", err)
	}
}

// TestFieldM13FewerScopes: a preset asks for no more than one wants.
func TestFieldM13FewerScopes(t *testing.T) {
	only, more := providers.WithOnlyScopes, providers.WithScopes
	for name, c := range map[string]struct {
		make func(id, secret string, opts ...providers.Option) *providers.Provider
		opts []providers.Option
		want string
	}{
		"X without the address": {providers.X, []providers.Option{only("users.read", "tweet.read")}, "users.read tweet.read"},
		"X with more": {providers.X, []providers.Option{only("users.read", "tweet.read"), more("offline.access")},
			"users.read tweet.read offline.access"},
		"Google without profile": {providers.Google, []providers.Option{only("openid", "email")}, "openid email"},
		"the last one counts":    {providers.Google, []providers.Option{more("a"), only("openid")}, "openid"},
		"GitHub with none":       {providers.GitHub, []providers.Option{only()}, ""},
		"Facebook":               {providers.Facebook, []providers.Option{only("public_profile")}, "public_profile"},
	} {
		f := newRealm("https://accounts.google.com")
		network := providertest.NewNetwork(f)
		defer network.Close()
		p := c.make("the-client", "the-secret", append(c.opts, providers.WithDial(network.Dial))...)
		to, err := p.Begin(context.Background(), begun)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query().Get("scope"); got != c.want {
			t.Errorf("%s: the scopes are %q, want %q", name, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		p   *providers.Provider
		say string
	}{
		"without openid":       {providers.Google("id", "secret", only("email")), "openid"},
		"openid with another":  {providers.Google("id", "secret", only("openid email")), "one word"},
		"none":                 {providers.Keycloak("https://id.example", "id", "secret", only()), "openid"},
		"X":                    {providers.X("id", "secret", only("users.email")), "users.read"},
		"LinkedIn":             {providers.LinkedIn("id", "secret", only("email")), "openid"},
		"Discord":              {providers.Discord("id", "secret", only("email")), "identify"},
		"Microsoft":            {providers.Microsoft("common", "id", "secret", only("openid")), "profile"},
		"an empty one":         {providers.GitHub("id", "secret", only("")), "one word"},
		"a line":               {providers.GitHub("id", "secret", more("a\nb")), "one word"},
		"a quote in an option": {providers.GitHub("id", "secret", more(`a"b`)), "one word"},
	} {
		if err := c.p.Err(); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFieldM13XWithoutTheAddress: X refuses the field without its scope.
func TestFieldM13XWithoutTheAddress(t *testing.T) {
	i := slices.IndexFunc(people, func(p preset) bool { return p.name == "x" })
	p := people[i]
	make := p.make
	p.make = func(o ...providers.Option) *providers.Provider {
		return make(append(o, providers.WithOnlyScopes("users.read", "tweet.read"))...)
	}
	p.scope, p.noEmail = "users.read tweet.read", true
	p.answers = map[string]string{
		"GET https://api.x.com/2/users/me?user.fields=profile_image_url": `{"data":{"id":"` + p.subject + `","name":"` + p.person +
			`","username":"ada","profile_image_url":"` + p.picture + `"}}`,
	}
	p.check(t, nil, "", "")
}

// TestFieldF10Lifetimes: a preset has the lifetime that its service does not
// say, and it counts where the answer has none.
func TestFieldF10Lifetimes(t *testing.T) {
	type makes = func(id, secret string, opts ...providers.Option) *providers.Provider
	hours := providers.WithTokenLifetime
	for name, c := range map[string]struct {
		make   makes
		opts   []providers.Option
		answer map[string]any
		want   time.Duration // 0: unknown
	}{
		"Salesforce":                  {providers.Salesforce, nil, nil, 15 * time.Minute},
		"an expires_in of 0":          {providers.Salesforce, nil, map[string]any{"expires_in": 0}, 15 * time.Minute},
		"an expires_in of no sense":   {providers.Salesforce, nil, map[string]any{"expires_in": "never"}, 15 * time.Minute},
		"the answer's own":            {providers.Salesforce, nil, map[string]any{"expires_in": 7200}, 2 * time.Hour},
		"no refresh token":            {providers.Salesforce, nil, map[string]any{"refresh_token": nil}, 0},
		"a refresh token of no sense": {providers.Salesforce, nil, map[string]any{"refresh_token": false}, 0},
		"an organisation's":           {providers.Salesforce, []providers.Option{hours(time.Hour)}, nil, time.Hour},
		"given up":                    {providers.Salesforce, []providers.Option{hours(0)}, nil, 0},
		"Slack with rotation":         {providers.Slack, nil, nil, 12 * time.Hour},
		"Slack without":               {providers.Slack, nil, map[string]any{"refresh_token": nil}, 0},
		"a preset without":            {providers.Google, nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newRealm("https://idp.example")
			f.token = c.answer
			f.claims = map[string]any{"https://slack.com/team_id": "T", "https://slack.com/user_id": "U"}
			network := providertest.NewNetwork(f)
			defer network.Close()
			p := c.make("the-client", "the-secret", slices.Concat(c.opts, []providers.Option{
				providers.WithIssuer(f.issuer), providers.WithDial(network.Dial)})...)
			before := time.Now()
			_, tokens, err := finish(p)
			if err != nil {
				t.Fatal(err)
			}
			wantLifetime(t, tokens, before, c.want)
			if tokens.Refresh == "" {
				return
			}
			f.token = map[string]any{"refresh_token": nil} // it stays valid, as Salesforce's does
			maps.Copy(f.token, c.answer)
			if tokens, err = p.Refresh(context.Background(), tokens.Refresh); err != nil || tokens.Refresh != "" {
				t.Fatalf("renewed: %q, %v", tokens.Refresh, err)
			}
			wantLifetime(t, tokens, before, c.want)
		})
	}
	o := oauth2Options("https://idp.example")
	if o.TokenLifetime = -time.Second; !refused(providers.OAuth2(o)) {
		t.Error("a negative lifetime is taken")
	}
}

func refused(_ *providers.Provider, err error) bool { return err != nil }

func wantLifetime(t *testing.T, tokens core.OAuthTokens, since time.Time, want time.Duration) {
	t.Helper()
	if want == 0 {
		if !tokens.Expires.IsZero() {
			t.Errorf("the token ends at %v, want no time", tokens.Expires)
		}
		return
	}
	if left := tokens.Expires.Sub(since); (left - want).Abs() > 5*time.Second {
		t.Errorf("the token lives for %v, want %v", left, want)
	}
}
