package providers

import (
	"errors"
	"slices"
	"strings"
)

// Services that people have accounts at.

// Google returns a provider for Google accounts. It issues a refresh token with
// WithParam("access_type", "offline").
func Google(id, secret string, opts ...Option) *Provider { return google.client(id, secret, opts) }

var google = openID("google", branded("Google", "#4285F4", "google"), "https://accounts.google.com")

var apple = service{
	name: "apple", brand: branded("Apple", "#000000", "apple"), openID: true, issuer: "https://appleid.apple.com",
	formPost: true,
	scopes:   []string{"openid", "email", "name"},
	fields: Fields{Subject: "{sub}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{name}",
		stringBooleans: true},
}

// Microsoft returns a provider for Entra ID and personal accounts. tenant is a
// tenant's ID (a GUID), or common, organizations or consumers. Its email
// addresses are entered by a tenant's administrator, so they never count as
// verified.
func Microsoft(tenant, id, secret string, opts ...Option) *Provider {
	row := microsoft
	switch {
	case tenant == "common" || tenant == "organizations":
		row.discover = strings.Replace(row.issuer, tenantID, tenant, 1) + "/.well-known/openid-configuration"
	case tenant == "consumers":
		row.issuer = strings.Replace(row.issuer, tenantID, "9188040d-6c67-4c5b-b112-36a304b66dad", 1)
	case guid.MatchString(tenant):
		row.issuer = strings.Replace(row.issuer, tenantID, tenant, 1)
	default:
		row.faults = []error{errors.New("the tenant must be a GUID in lower case, common, organizations or consumers")}
	}
	return row.client(id, secret, opts)
}

var microsoft = service{
	name: "microsoft", brand: branded("Microsoft", "#5E5E5E", "microsoft"), openID: true,
	issuer: "https://login.microsoftonline.com/" + tenantID + "/v2.0",
	scopes: claimScopes, idScopes: []string{"profile"}, // for tid and oid
	fields: Fields{Subject: "{tid}:{oid}", Email: "{email}", Name: "{name}"},
}

// Facebook returns a provider for Facebook. Each call carries a proof made with
// the app's secret (appsecret_proof).
func Facebook(id, secret string, opts ...Option) *Provider { return facebook.client(id, secret, opts) }

var facebook = service{
	name: "facebook", brand: branded("Facebook", "#0866FF", "facebook"),
	endpoints: endpoints{
		authorize: "https://www.facebook.com/v23.0/dialog/oauth",
		token:     "https://graph.facebook.com/v23.0/oauth/access_token",
		profile:   "https://graph.facebook.com/v23.0/me?fields=id,name,email,picture.type(large)",
	},
	scopes: []string{"email", "public_profile"}, commas: true, appSecretProof: true,
	fields: Fields{Subject: "{id}", Email: "{email}", Name: "{name}", Picture: "{picture.data.url}"},
}

// X returns a provider for X. Apps that may ask for it (users.email) receive
// the address, which is always a confirmed one; others use
// WithOnlyScopes("users.read", "tweet.read").
func X(id, secret string, opts ...Option) *Provider {
	return x.client(id, secret, slices.Concat(opts, []Option{withoutAddressOfX}))
}

// withoutAddressOfX leaves out the field that X refuses without its scope.
func withoutAddressOfX(s *service) {
	if !slices.Contains(s.scopes, "users.email") {
		s.profile = strings.Replace(s.profile, "confirmed_email,", "", 1)
	}
}

var x = service{
	name: "x", brand: branded("X", "#000000", "x"),
	endpoints: endpoints{
		authorize: "https://x.com/i/oauth2/authorize", token: "https://api.x.com/2/oauth2/token", basicAuth: true,
		profile: "https://api.x.com/2/users/me?user.fields=confirmed_email,profile_image_url",
		revoke:  "https://api.x.com/2/oauth2/revoke",
	},
	scopes: []string{"users.read", "tweet.read", "users.email"}, idScopes: []string{"users.read", "tweet.read"},
	fields: Fields{
		Subject: "{data.id}", Email: "{data.confirmed_email}", AlwaysVerified: true, Name: "{data.name}",
		Picture: "{data.profile_image_url}",
	},
}

// Discord returns a provider for Discord. It says whether an address is
// verified.
func Discord(id, secret string, opts ...Option) *Provider { return discord.client(id, secret, opts) }

var discord = service{
	name: "discord", brand: branded("Discord", "#5865F2", "discord"),
	endpoints: endpoints{
		authorize: "https://discord.com/oauth2/authorize", token: "https://discord.com/api/oauth2/token",
		profile: "https://discord.com/api/users/@me", revoke: "https://discord.com/api/oauth2/token/revoke",
	},
	scopes: []string{"identify", "email"}, idScopes: []string{"identify"},
	fields: Fields{
		Subject: "{id}", Email: "{email}", Verified: []string{"verified"}, Name: "{global_name}",
		Picture: "https://cdn.discordapp.com/avatars/{id}/{avatar}.png",
	},
}

// Reddit returns a provider for Reddit. It has no email addresses, and issues
// refresh tokens with WithParam("duration", "permanent").
func Reddit(id, secret string, opts ...Option) *Provider { return reddit.client(id, secret, opts) }

var reddit = service{
	name: "reddit", brand: branded("Reddit", "#FF4500", "reddit"),
	endpoints: endpoints{
		authorize: "https://www.reddit.com/api/v1/authorize", token: "https://www.reddit.com/api/v1/access_token",
		basicAuth: true,
		profile:   "https://oauth.reddit.com/api/v1/me", revoke: "https://www.reddit.com/api/v1/revoke_token",
	},
	scopes: []string{"identity"}, idScopes: []string{"identity"},
	fields: Fields{Subject: "{id}", Name: "{name}"},
}

// Twitch returns a provider for Twitch. Its ID tokens contain only claims
// requested by name.
func Twitch(id, secret string, opts ...Option) *Provider { return twitch.client(id, secret, opts) }

var twitch = service{
	name: "twitch", brand: branded("Twitch", "#9146FF", "twitch"), openID: true, issuer: "https://id.twitch.tv/oauth2",
	scopes: []string{"openid", "user:read:email"},
	params: map[string]string{"claims": `{"id_token":{"email":null,"email_verified":null,"picture":null,"preferred_username":null}}`},
	fields: Fields{
		Subject: "{sub}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{preferred_username}",
		Picture: "{picture}",
	},
}

// Spotify returns a provider for Spotify. It documents that its email addresses
// are not verified.
func Spotify(id, secret string, opts ...Option) *Provider { return spotify.client(id, secret, opts) }

var spotify = service{
	name: "spotify", brand: branded("Spotify", "#1DB954", "spotify"),
	endpoints: endpoints{
		authorize: "https://accounts.spotify.com/authorize", token: "https://accounts.spotify.com/api/token", basicAuth: true,
		profile: "https://api.spotify.com/v1/me",
	},
	scopes: []string{"user-read-email"},
	fields: Fields{Subject: "{id}", Email: "{email}", Name: "{display_name}", Picture: "{images.0.url}"},
}

// LinkedIn returns a provider for LinkedIn. Its ID tokens have no nonce, so the
// userinfo endpoint is used instead. It refuses a code_verifier from clients
// that have a secret, so it is the one service without PKCE.
func LinkedIn(id, secret string, opts ...Option) *Provider { return linkedIn.client(id, secret, opts) }

var linkedIn = service{
	name: "linkedin", brand: branded("LinkedIn", "#0A66C2", "linkedin"), noPKCE: true,
	endpoints: endpoints{
		authorize: "https://www.linkedin.com/oauth/v2/authorization", token: "https://www.linkedin.com/oauth/v2/accessToken",
		profile: "https://api.linkedin.com/v2/userinfo",
	},
	scopes: claimScopes, idScopes: []string{"openid"}, fields: claimFields,
}

// LINE returns a provider for LINE. It signs ID tokens with the client's
// secret, which is not accepted here, and returns addresses nowhere else.
func LINE(id, secret string, opts ...Option) *Provider { return line.client(id, secret, opts) }

var line = service{
	name: "line", brand: branded("LINE", "#00C300", "line"),
	endpoints: endpoints{
		authorize: "https://access.line.me/oauth2/v2.1/authorize", token: "https://api.line.me/oauth2/v2.1/token",
		profile: "https://api.line.me/oauth2/v2.1/userinfo",
	},
	scopes: []string{"openid", "profile"}, idScopes: []string{"openid"},
	fields: Fields{Subject: "{sub}", Name: "{name}", Picture: "{picture}"},
}

// Kakao returns a provider for Kakao. It has two flags about an address, valid
// and verified; both must be true.
func Kakao(id, secret string, opts ...Option) *Provider { return kakao.client(id, secret, opts) }

var kakao = service{
	name: "kakao", brand: branded("Kakao", "#FFCD00", "kakao"),
	endpoints: endpoints{
		authorize: "https://kauth.kakao.com/oauth/authorize", token: "https://kauth.kakao.com/oauth/token",
		profile: "https://kapi.kakao.com/v2/user/me",
	},
	scopes: []string{"profile_nickname", "account_email"},
	fields: Fields{
		Subject: "{id}", Email: "{kakao_account.email}",
		Verified: []string{"kakao_account.is_email_valid", "kakao_account.is_email_verified"},
		Name:     "{kakao_account.profile.nickname}", Picture: "{kakao_account.profile.profile_image_url}",
	},
}

// Naver returns a provider for Naver. Its address is a contact address chosen
// by the user, who need not own it.
func Naver(id, secret string, opts ...Option) *Provider { return naver.client(id, secret, opts) }

var naver = service{
	name: "naver", brand: branded("Naver", "#03C75A", "naver"),
	endpoints: endpoints{
		authorize: "https://nid.naver.com/oauth2.0/authorize", token: "https://nid.naver.com/oauth2.0/token",
		profile: "https://openapi.naver.com/v1/nid/me",
	},
	fields: Fields{Subject: "{response.id}", Email: "{response.email}", Name: "{response.name}",
		Picture: "{response.profile_image}"},
}

// Yahoo returns a provider for Yahoo. The address comes from its userinfo
// endpoint.
func Yahoo(id, secret string, opts ...Option) *Provider { return yahoo.client(id, secret, opts) }

var yahoo = openID("yahoo", branded("Yahoo", "#5F01D1", "yahoo"), "https://api.login.yahoo.com")

// Yandex returns a provider for Yandex. Its address is the one that the user
// has chosen as the default.
func Yandex(id, secret string, opts ...Option) *Provider { return yandex.client(id, secret, opts) }

var yandex = service{
	name: "yandex", brand: branded("Yandex", "#FC3F1D", "yandex"),
	endpoints: endpoints{
		authorize: "https://oauth.yandex.com/authorize", token: "https://oauth.yandex.com/token",
		profile: "https://login.yandex.ru/info?format=json",
	},
	header: map[string]string{"Authorization": "OAuth {token}"},
	scopes: []string{"login:info", "login:email", "login:avatar"},
	fields: Fields{
		Subject: "{id}", Email: "{default_email}", Name: "{real_name}",
		Picture: "https://avatars.yandex.net/get-yapic/{default_avatar_id}/islands-200",
	},
}

// Amazon returns a provider for Login with Amazon.
func Amazon(id, secret string, opts ...Option) *Provider { return amazon.client(id, secret, opts) }

var amazon = service{
	name: "amazon", brand: branded("Amazon", "#FF9900", "amazon"),
	endpoints: endpoints{
		authorize: "https://www.amazon.com/ap/oa", token: "https://api.amazon.com/auth/o2/token",
		profile: "https://api.amazon.com/user/profile",
	},
	scopes: []string{"profile"},
	fields: Fields{Subject: "{user_id}", Email: "{email}", Name: "{name}"},
}

// Patreon returns a provider for Patreon. It says whether an address is
// verified.
func Patreon(id, secret string, opts ...Option) *Provider { return patreon.client(id, secret, opts) }

var patreon = service{
	name: "patreon", brand: branded("Patreon", "#000000", "patreon"),
	endpoints: endpoints{
		authorize: "https://www.patreon.com/oauth2/authorize", token: "https://www.patreon.com/api/oauth2/token",
		profile: "https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=email,full_name,image_url,is_email_verified",
	},
	scopes: []string{"identity", "identity[email]"}, idScopes: []string{"identity"},
	fields: Fields{
		Subject: "{data.id}", Email: "{data.attributes.email}", Verified: []string{"data.attributes.is_email_verified"},
		Name: "{data.attributes.full_name}", Picture: "{data.attributes.image_url}",
	},
}

// Strava returns a provider for Strava. It has no email addresses.
func Strava(id, secret string, opts ...Option) *Provider { return strava.client(id, secret, opts) }

var strava = service{
	name: "strava", brand: branded("Strava", "#FC4C02", "strava"),
	endpoints: endpoints{
		authorize: "https://www.strava.com/oauth/authorize", token: "https://www.strava.com/oauth/token",
		profile: "https://www.strava.com/api/v3/athlete",
	},
	scopes: []string{"read"}, commas: true,
	fields: Fields{Subject: "{id}", Name: "{firstname} {lastname}", Picture: "{profile}"},
}

// WordPress returns a provider for WordPress.com. For a self-hosted site use
// OAuth2.
func WordPress(id, secret string, opts ...Option) *Provider {
	return wordPress.client(id, secret, opts)
}

var wordPress = service{
	name: "wordpress", brand: branded("WordPress.com", "#21759B", "wordpress"),
	endpoints: endpoints{
		authorize: "https://public-api.wordpress.com/oauth2/authorize",
		token:     "https://public-api.wordpress.com/oauth2/token",
		profile:   "https://public-api.wordpress.com/rest/v1.1/me",
	},
	scopes: []string{"auth"},
	fields: Fields{
		Subject: "{ID}", Email: "{email}", Verified: []string{"email_verified"}, Name: "{display_name}",
		Picture: "{avatar_URL}",
	},
}
