package providers

import (
	"errors"
	"strings"
	"time"
)

// Services that people work with.

// GitHub returns a provider for an OAuth App, or a GitHub App that may read
// email addresses. The address is the primary one of the list, not the public
// one.
func GitHub(id, secret string, opts ...Option) *Provider { return gitHub.client(id, secret, opts) }

var gitHub = service{
	name: "github", brand: branded("GitHub", "#181717", "github"),
	endpoints: endpoints{
		authorize: "https://github.com/login/oauth/authorize", token: "https://github.com/login/oauth/access_token",
		profile: "https://api.github.com/user",
	},
	emails: &emailList{url: "https://api.github.com/user/emails?per_page=100", email: "email", primary: "primary",
		verified: "verified"},
	scopes: []string{"read:user", "user:email"},
	fields: Fields{Subject: "{id}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{name}",
		Picture: "{avatar_url}"},
}

// GitLab returns a provider for gitlab.com. For a self-managed GitLab use
// WithIssuer("https://gitlab.example.com").
func GitLab(id, secret string, opts ...Option) *Provider { return gitLab.client(id, secret, opts) }

var gitLab = openID("gitlab", branded("GitLab", "#FC6D26", "gitlab"), "https://gitlab.com")

// Bitbucket returns a provider for Bitbucket Cloud. Scopes are set where the
// consumer is registered: account and email.
func Bitbucket(id, secret string, opts ...Option) *Provider {
	return bitbucket.client(id, secret, opts)
}

var bitbucket = service{
	name: "bitbucket", brand: branded("Bitbucket", "#0052CC", "bitbucket"),
	endpoints: endpoints{
		authorize: "https://bitbucket.org/site/oauth2/authorize", token: "https://bitbucket.org/site/oauth2/access_token",
		basicAuth: true,
		profile:   "https://api.bitbucket.org/2.0/user",
	},
	emails: &emailList{
		url: "https://api.bitbucket.org/2.0/user/emails?pagelen=100", list: "values", email: "email", primary: "is_primary",
		verified: "is_confirmed",
	},
	fields: Fields{
		Subject: "{uuid}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{display_name}",
		Picture: "{links.avatar.href}",
	},
}

// Gitea returns a provider for a Gitea or Forgejo of your own, or Codeberg, by
// its base URL ("https://codeberg.org").
func Gitea(baseURL, id, secret string, opts ...Option) *Provider {
	row, base := gitea, strings.TrimSuffix(baseURL, "/")
	for _, u := range []*string{&row.authorize, &row.token, &row.profile} {
		*u = strings.Replace(*u, "{base}", base, 1)
	}
	return row.client(id, secret, opts)
}

var gitea = service{
	name: "gitea", brand: branded("Gitea", "#609926", "gitea"),
	endpoints: endpoints{
		authorize: "{base}/login/oauth/authorize", token: "{base}/login/oauth/access_token", profile: "{base}/api/v1/user",
	},
	scopes: []string{"read:user"},
	fields: Fields{Subject: "{id}", Email: "{email}", Name: "{full_name}", Picture: "{avatar_url}"},
}

// HuggingFace returns a provider for Hugging Face. The address comes from its
// userinfo endpoint.
func HuggingFace(id, secret string, opts ...Option) *Provider {
	return huggingFace.client(id, secret, opts)
}

var huggingFace = openID("huggingface", branded("Hugging Face", "#FFD21E", "huggingface"), "https://huggingface.co")

// DigitalOcean returns a provider for DigitalOcean. It says whether an address
// is verified.
func DigitalOcean(id, secret string, opts ...Option) *Provider {
	return digitalOcean.client(id, secret, opts)
}

var digitalOcean = service{
	name: "digitalocean", brand: branded("DigitalOcean", "#0080FF", "digitalocean"),
	endpoints: endpoints{
		authorize: "https://cloud.digitalocean.com/v1/oauth/authorize",
		token:     "https://cloud.digitalocean.com/v1/oauth/token",
		profile:   "https://api.digitalocean.com/v2/account",
	},
	scopes: []string{"read"},
	fields: Fields{Subject: "{account.uuid}", Email: "{account.email}", Verified: []string{"account.email_verified"},
		Name: "{account.name}"},
}

// Heroku returns a provider for Heroku. Its flag named verified is about
// payment.
func Heroku(id, secret string, opts ...Option) *Provider { return heroku.client(id, secret, opts) }

var heroku = service{
	name: "heroku", brand: branded("Heroku", "#430098", "heroku"),
	endpoints: endpoints{
		authorize: "https://id.heroku.com/oauth/authorize", token: "https://id.heroku.com/oauth/token",
		profile: "https://api.heroku.com/account",
	},
	header: map[string]string{"Accept": "application/vnd.heroku+json; version=3"},
	scopes: []string{"identity"},
	fields: Fields{Subject: "{id}", Email: "{email}", Name: "{name}"},
}

// Atlassian returns a provider for accounts of Jira, Confluence and Atlassian's
// other products.
func Atlassian(id, secret string, opts ...Option) *Provider {
	return atlassian.client(id, secret, opts)
}

var atlassian = service{
	name: "atlassian", brand: branded("Atlassian", "#0052CC", "atlassian"),
	endpoints: endpoints{
		authorize: "https://auth.atlassian.com/authorize", token: "https://auth.atlassian.com/oauth/token",
		profile: "https://api.atlassian.com/me",
	},
	scopes: []string{"read:me"}, idScopes: []string{"read:me"},
	params: map[string]string{"audience": "api.atlassian.com", "prompt": "consent"},
	fields: Fields{Subject: "{account_id}", Email: "{email}", Name: "{name}", Picture: "{picture}"},
}

// Slack returns a provider for Sign in with Slack. A subject is a user in one
// workspace.
func Slack(id, secret string, opts ...Option) *Provider { return slack.client(id, secret, opts) }

var slack = service{
	name: "slack", brand: branded("Slack", "#4A154B", "slack"), openID: true, issuer: "https://slack.com",
	scopes: claimScopes, lifetime: 12 * time.Hour, // with token rotation; without it they do not end
	fields: Fields{
		Subject: "{https://slack.com/team_id}:{https://slack.com/user_id}", Email: "{email}",
		Verified: []string{"email_verified"},
		Name:     "{name}", Picture: "{picture}",
	},
}

// Notion returns a provider for a public integration. The user is the one who
// installed it.
func Notion(id, secret string, opts ...Option) *Provider { return notion.client(id, secret, opts) }

var notion = service{
	name: "notion", brand: branded("Notion", "#000000", "notion"),
	endpoints: endpoints{
		authorize: "https://api.notion.com/v1/oauth/authorize", token: "https://api.notion.com/v1/oauth/token",
		basicAuth: true,
		profile:   "https://api.notion.com/v1/users/me",
	},
	params: map[string]string{"owner": "user"}, header: map[string]string{"Notion-Version": "2022-06-28"},
	fields: Fields{
		Subject: "{bot.owner.user.id}", Email: "{bot.owner.user.person.email}", Name: "{bot.owner.user.name}",
		Picture: "{bot.owner.user.avatar_url}",
	},
}

// Figma returns a provider for Figma. It does not say whether an address is
// verified.
func Figma(id, secret string, opts ...Option) *Provider { return figma.client(id, secret, opts) }

var figma = service{
	name: "figma", brand: branded("Figma", "#F24E1E", "figma"),
	endpoints: endpoints{
		authorize: "https://www.figma.com/oauth", token: "https://api.figma.com/v1/oauth/token",
		profile: "https://api.figma.com/v1/me", basicAuth: true,
	},
	scopes: []string{"current_user:read"},
	fields: Fields{Subject: "{id}", Email: "{email}", Name: "{handle}", Picture: "{img_url}"},
}

// Zoom returns a provider for Zoom. It has a number where others have a flag,
// so its addresses never count as verified. Scopes are set where the app is
// registered: user:read:user.
func Zoom(id, secret string, opts ...Option) *Provider { return zoom.client(id, secret, opts) }

var zoom = service{
	name: "zoom", brand: branded("Zoom", "#0B5CFF", "zoom"),
	endpoints: endpoints{
		authorize: "https://zoom.us/oauth/authorize", token: "https://zoom.us/oauth/token", basicAuth: true,
		profile: "https://api.zoom.us/v2/users/me", revoke: "https://zoom.us/oauth/revoke",
	},
	fields: Fields{Subject: "{id}", Email: "{email}", Name: "{display_name}", Picture: "{pic_url}"},
}

// Dropbox returns a provider for Dropbox. It issues refresh tokens with
// WithParam("token_access_type", "offline").
func Dropbox(id, secret string, opts ...Option) *Provider { return dropbox.client(id, secret, opts) }

var dropbox = service{
	name: "dropbox", brand: branded("Dropbox", "#0061FF", "dropbox"),
	endpoints: endpoints{
		authorize: "https://www.dropbox.com/oauth2/authorize", token: "https://api.dropboxapi.com/oauth2/token",
		profile: "https://api.dropboxapi.com/2/users/get_current_account",
	},
	profileMethod: "POST", scopes: []string{"account_info.read"}, idScopes: []string{"account_info.read"},
	fields: Fields{
		Subject: "{account_id}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{name.display_name}",
		Picture: "{profile_photo_url}",
	},
}

// Box returns a provider for Box. It calls the address a login.
func Box(id, secret string, opts ...Option) *Provider { return box.client(id, secret, opts) }

var box = service{
	name: "box", brand: branded("Box", "#0061D5", "box"),
	endpoints: endpoints{
		authorize: "https://account.box.com/api/oauth2/authorize", token: "https://api.box.com/oauth2/token",
		profile: "https://api.box.com/2.0/users/me", revoke: "https://api.box.com/oauth2/revoke",
	},
	fields: Fields{Subject: "{id}", Email: "{login}", Name: "{name}", Picture: "{avatar_url}"},
}

// Asana returns a provider for Asana. It does not say whether an address is
// verified.
func Asana(id, secret string, opts ...Option) *Provider { return asana.client(id, secret, opts) }

var asana = service{
	name: "asana", brand: branded("Asana", "#F06A6A", "asana"),
	endpoints: endpoints{
		authorize: "https://app.asana.com/-/oauth_authorize", token: "https://app.asana.com/-/oauth_token",
		profile: "https://app.asana.com/api/1.0/users/me",
	},
	fields: Fields{Subject: "{data.gid}", Email: "{data.email}", Name: "{data.name}",
		Picture: "{data.photo.image_128x128}"},
}

// Salesforce returns a provider for Salesforce. For sandboxes use
// WithIssuer("https://test.salesforce.com"). Its tokens do not say how long
// they are valid: it is a setting of the organisation, 15 minutes at the least.
// If yours is longer, use WithTokenLifetime.
func Salesforce(id, secret string, opts ...Option) *Provider {
	return salesforce.client(id, secret, opts)
}

var salesforce = service{
	name: "salesforce", brand: branded("Salesforce", "#00A1E0", "salesforce"), openID: true,
	issuer: "https://login.salesforce.com", lifetime: 15 * time.Minute,
	scopes: claimScopes, fields: claimFields,
}

// Shopify returns a provider for a shop's Shopify. It logs in the shop, not a
// person: shop is its name before .myshopify.com.
func Shopify(shop, id, secret string, opts ...Option) *Provider {
	row := shopify
	if !validHost.MatchString(shop) || strings.ContainsAny(shop, ".:") {
		row.faults = []error{errors.New("the shop must be its name before .myshopify.com")}
	}
	for _, u := range []*string{&row.authorize, &row.token, &row.profile} {
		*u = strings.Replace(*u, "{shop}", shop, 1)
	}
	return row.client(id, secret, opts)
}

var shopify = service{
	name: "shopify", brand: branded("Shopify", "#7AB55C", "shopify"),
	endpoints: endpoints{
		authorize: "https://{shop}.myshopify.com/admin/oauth/authorize",
		token:     "https://{shop}.myshopify.com/admin/oauth/access_token",
		profile:   "https://{shop}.myshopify.com/admin/api/2025-10/shop.json",
	},
	header: map[string]string{"X-Shopify-Access-Token": "{token}"},
	commas: true,
	fields: Fields{Subject: "{shop.id}", Email: "{shop.email}", Name: "{shop.name}"},
}
