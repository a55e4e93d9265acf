package gothprovider

import "strings"

const (
	unbounded = "it exchanges the code, or reads the profile, with a client that cannot be replaced, so time, size and PKCE are out of our control"
	oauth1    = "it uses OAuth 1.0a, which has neither state nor PKCE, and the server would have to keep a secret for each login"
	noPKCE    = "it exchanges the code in its own way, which leaves no room for PKCE"
	mutable   = "its subject is an address, which passes from one person to the next"
)

// refused lists the providers of goth that this package refuses, by folder, and
// why.
var refused = map[string]string{
	"apple":         unbounded + "; use providers.Apple",
	"auth0":         unbounded + "; use providers.Auth0",
	"azuread":       mutable + "; use providers.Microsoft",
	"bitly":         "it returns no subject",
	"dailymotion":   unbounded,
	"discord":       unbounded + "; use providers.Discord",
	"eveonline":     "its subject is a character, which players pass on to one another",
	"faux":          "it is goth's fake for tests, which lets anybody in",
	"fitbit":        unbounded,
	"intercom":      unbounded,
	"lark":          noPKCE,
	"lastfm":        "it uses its own protocol, which has no state, over plain http",
	"linkedin":      "the service refuses a code_verifier from clients that have a secret; use providers.LinkedIn",
	"mailru":        unbounded,
	"onedrive":      mutable + "; use providers.Microsoft",
	"openidConnect": "it does not verify the signatures of ID tokens; use providers.OIDC",
	"oura":          unbounded,
	"reddit":        unbounded + "; use providers.Reddit",
	"seatalk":       unbounded,
	"shopify":       "it checks callbacks with a key from the environment (SHOPIFY_SECRET), with an empty one if that is not set; use providers.Shopify",
	"slack":         "its subject is unique only within a workspace, and it does not say which; use providers.Slack",
	"steam":         "it uses OpenID 2.0, which has no state, and sends its key over plain http",
	"tiktok":        noPKCE,
	"tumblr":        oauth1,
	"twitter":       oauth1 + "; use providers.X",
	"twitterv2":     oauth1 + "; use providers.X",
	"wechat":        unbounded,
	"wecom":         noPKCE,
	"xero":          oauth1,
	"yandex":        unbounded + "; use providers.Yandex",
}

// refusal returns why a provider of goth, or of a fork, is refused, or "" if it
// is not.
func refusal(pkgPath string) string {
	_, folder, _ := strings.Cut(pkgPath, "/goth/providers/")
	return refused[folder]
}
