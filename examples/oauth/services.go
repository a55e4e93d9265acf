package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/latchkey-go/latchkey/providers"
)

// preset is a row of the table below: how a service is made, and the variables
// that enable it. They are NAME_CLIENT_ID, NAME_CLIENT_SECRET and, for services
// that run in several places, NAME_ and the word for the place.
type preset struct {
	name  string
	make  func(id, secret string, opts ...providers.Option) *providers.Provider
	where string
	at    func(where, id, secret string, opts ...providers.Option) *providers.Provider
}

// presets are in the order of the login page.
var presets = []preset{
	{name: "GOOGLE", make: providers.Google},
	{name: "MICROSOFT", where: "TENANT", at: providers.Microsoft},
	{name: "GITHUB", make: providers.GitHub},
	{name: "GITLAB", make: providers.GitLab},
	{name: "BITBUCKET", make: providers.Bitbucket},
	{name: "GITEA", where: "URL", at: providers.Gitea},
	{name: "FACEBOOK", make: providers.Facebook},
	{name: "X", make: providers.X},
	{name: "LINKEDIN", make: providers.LinkedIn},
	{name: "DISCORD", make: providers.Discord},
	{name: "SLACK", make: providers.Slack},
	{name: "REDDIT", make: providers.Reddit},
	{name: "TWITCH", make: providers.Twitch},
	{name: "SPOTIFY", make: providers.Spotify},
	{name: "YAHOO", make: providers.Yahoo},
	{name: "AMAZON", make: providers.Amazon},
	{name: "LINE", make: providers.LINE},
	{name: "KAKAO", make: providers.Kakao},
	{name: "NAVER", make: providers.Naver},
	{name: "YANDEX", make: providers.Yandex},
	{name: "PATREON", make: providers.Patreon},
	{name: "STRAVA", make: providers.Strava},
	{name: "WORDPRESS", make: providers.WordPress},
	{name: "HUGGINGFACE", make: providers.HuggingFace},
	{name: "DIGITALOCEAN", make: providers.DigitalOcean},
	{name: "HEROKU", make: providers.Heroku},
	{name: "ATLASSIAN", make: providers.Atlassian},
	{name: "NOTION", make: providers.Notion},
	{name: "FIGMA", make: providers.Figma},
	{name: "ZOOM", make: providers.Zoom},
	{name: "DROPBOX", make: providers.Dropbox},
	{name: "BOX", make: providers.Box},
	{name: "ASANA", make: providers.Asana},
	{name: "SALESFORCE", make: providers.Salesforce},
	{name: "SHOPIFY", where: "SHOP", at: providers.Shopify},
	{name: "OKTA", where: "ISSUER", at: providers.Okta},
	{name: "AUTH0", where: "DOMAIN", at: providers.Auth0},
	{name: "COGNITO", where: "POOL", at: providers.Cognito},
	{name: "KEYCLOAK", where: "ISSUER", at: providers.Keycloak},
	{name: "AUTHENTIK", where: "ISSUER", at: providers.Authentik},
	{name: "ZITADEL", where: "ISSUER", at: providers.Zitadel},
	{name: "FRANCECONNECT", make: providers.FranceConnect},
	{name: "ORCID", make: providers.ORCID},
}

// servicesFromEnv returns the services whose variables are set, and joins the
// problems with those that are half set. INSECURE_LOOPBACK=on allows http for a
// service on this machine, such as a Keycloak for trying things out.
func servicesFromEnv(env func(string) string) ([]*providers.Provider, error) {
	var on []*providers.Provider
	var errs []error
	var opts []providers.Option
	if env("INSECURE_LOOPBACK") == "on" {
		opts = append(opts, providers.InsecureLoopback())
	}
	for _, p := range presets {
		service, err := p.fromEnv(env, opts)
		errs = append(errs, err)
		if service != nil {
			on = append(on, service)
		}
	}
	apple, err := appleFromEnv(env)
	if apple != nil {
		on = append(on, apple)
	}
	return on, errors.Join(append(errs, err)...)
}

// fromEnv returns nil if nothing is set.
func (p preset) fromEnv(env func(string) string, opts []providers.Option) (*providers.Provider, error) {
	names := []string{p.name + "_CLIENT_ID", p.name + "_CLIENT_SECRET"}
	if p.at != nil {
		names = append(names, p.name+"_"+p.where)
	}
	values, err := together(env, names)
	switch {
	case values == nil:
		return nil, err
	case p.at != nil:
		return checked(p.at(values[2], values[0], values[1], opts...))
	}
	return checked(p.make(values[0], values[1], opts...))
}

// appleFromEnv returns the one service that has a key instead of a secret.
func appleFromEnv(env func(string) string) (*providers.Provider, error) {
	values, err := together(env, []string{"APPLE_SERVICE_ID", "APPLE_TEAM_ID", "APPLE_KEY_ID", "APPLE_KEY_FILE"})
	if values == nil {
		return nil, err
	}
	key, err := os.ReadFile(values[3])
	if err != nil {
		return nil, fmt.Errorf("APPLE_KEY_FILE: %w", err)
	}
	return checked(providers.Apple(values[0], providers.AppleKey{TeamID: values[1], KeyID: values[2], PEM: key}))
}

// together returns the variables if all of them are set, and nil if none is.
func together(env func(string) string, names []string) ([]string, error) {
	var values, missing []string
	for _, name := range names {
		if v := env(name); v != "" {
			values = append(values, v)
		} else {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return values, nil
	case len(values) == 0:
		return nil, nil
	}
	return nil, fmt.Errorf("%s must be set together: missing is %s", strings.Join(names, ", "),
		strings.Join(missing, ", "))
}

func checked(p *providers.Provider) (*providers.Provider, error) {
	if err := p.Err(); err != nil {
		return nil, err
	}
	return p, nil
}
