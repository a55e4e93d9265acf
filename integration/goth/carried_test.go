package goth_test

import (
	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/amazon"
	"github.com/markbates/goth/providers/azureadv2"
	"github.com/markbates/goth/providers/battlenet"
	"github.com/markbates/goth/providers/bitbucket"
	"github.com/markbates/goth/providers/box"
	"github.com/markbates/goth/providers/classlink"
	"github.com/markbates/goth/providers/cloudfoundry"
	"github.com/markbates/goth/providers/cognito"
	"github.com/markbates/goth/providers/deezer"
	"github.com/markbates/goth/providers/digitalocean"
	"github.com/markbates/goth/providers/dropbox"
	"github.com/markbates/goth/providers/facebook"
	"github.com/markbates/goth/providers/gitea"
	"github.com/markbates/goth/providers/github"
	"github.com/markbates/goth/providers/gitlab"
	"github.com/markbates/goth/providers/google"
	"github.com/markbates/goth/providers/gplus"
	"github.com/markbates/goth/providers/heroku"
	"github.com/markbates/goth/providers/hubspot"
	"github.com/markbates/goth/providers/influxcloud"
	"github.com/markbates/goth/providers/instagram"
	"github.com/markbates/goth/providers/kakao"
	"github.com/markbates/goth/providers/line"
	"github.com/markbates/goth/providers/mastodon"
	"github.com/markbates/goth/providers/meetup"
	"github.com/markbates/goth/providers/microsoftonline"
	"github.com/markbates/goth/providers/naver"
	"github.com/markbates/goth/providers/nextcloud"
	"github.com/markbates/goth/providers/okta"
	"github.com/markbates/goth/providers/patreon"
	"github.com/markbates/goth/providers/paypal"
	"github.com/markbates/goth/providers/salesforce"
	"github.com/markbates/goth/providers/soundcloud"
	"github.com/markbates/goth/providers/spotify"
	"github.com/markbates/goth/providers/strava"
	"github.com/markbates/goth/providers/stripe"
	"github.com/markbates/goth/providers/twitch"
	"github.com/markbates/goth/providers/typetalk"
	"github.com/markbates/goth/providers/uber"
	"github.com/markbates/goth/providers/vk"
	"github.com/markbates/goth/providers/wepay"
	"github.com/markbates/goth/providers/yahoo"
	"github.com/markbates/goth/providers/yammer"
	"github.com/markbates/goth/providers/zoom"
)

// row is a provider that gothprovider wraps, and its service.
type row struct {
	provider goth.Provider
	preset   string // of package providers, for the same service
	needs    string // besides ID and secret

	token    string            // the endpoint
	answer   string            // of the token endpoint; "" means tokenAnswer
	profiles map[string]string // responses by URL without query
	subject  string
	email    string
}

const (
	id, secret, callback = "the-client-id", "the-client-secret", "https://unused.example/callback"

	tokenAnswer = `{"access_token":"access-token","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh-token"}`
	ada         = "ada@example.com"
)

// with adds members to tokenAnswer.
func with(members string) string { return tokenAnswer[:len(tokenAnswer)-1] + "," + members + "}" }

func one(url, body string) map[string]string { return map[string]string{url: body} }

var carried = []row{
	{provider: amazon.New(id, secret, callback), preset: "Amazon", token: "https://api.amazon.com/auth/o2/token",
		profiles: one("https://api.amazon.com/user/profile",
			`{"user_id":"amzn1.account.K2LI","email":"ada@example.com","name":"Ada"}`), subject: "amzn1.account.K2LI", email: ada},
	{provider: azureadv2.New(id, secret, callback, azureadv2.ProviderOptions{Tenant: "a-tenant"}), preset: "Microsoft", needs: "a tenant, the option `Tenant`", token: "https://login.microsoftonline.com/a-tenant/oauth2/v2.0/token",
		profiles: one("https://graph.microsoft.com/v1.0/me",
			`{"id":"87d349ed-44d7","mail":"ada@example.com","displayName":"Ada","userPrincipalName":"ada@corp.example"}`), subject: "87d349ed-44d7", email: ada},
	{provider: battlenet.New(id, secret, callback), needs: "players of the region `us`", token: "https://us.battle.net/oauth/token",
		profiles: one("https://us.battle.net/oauth/userinfo", `{"id":12345,"battletag":"Ada#1815"}`), subject: "12345"},
	{provider: bitbucket.New(id, secret, callback), preset: "Bitbucket", token: "https://bitbucket.org/site/oauth2/access_token",
		profiles: map[string]string{
			"https://api.bitbucket.org/2.0/user":        `{"uuid":"{c788b2da}","username":"ada","display_name":"Ada"}`,
			"https://api.bitbucket.org/2.0/user/emails": `{"values":[{"email":"ada@example.com","is_primary":true,"is_confirmed":true}]}`,
		}, subject: "{c788b2da}", email: ada},
	{provider: box.New(id, secret, callback), preset: "Box", token: "https://app.box.com/api/oauth2/token",
		profiles: one("https://api.box.com/2.0/users/me",
			`{"type":"user","id":"181216415","name":"Ada","login":"ada@example.com"}`), subject: "181216415", email: ada},
	{provider: classlink.New(id, secret, callback), token: "https://launchpad.classlink.com/oauth2/v2/token",
		profiles: one("https://nodeapi.classlink.com/v2/my/info",
			`{"UserId":77,"Email":"ada@example.com","DisplayName":"Ada"}`), subject: "77", email: ada},
	{provider: cloudfoundry.New("https://uaa.example.com", id, secret, callback), needs: "the URL of the UAA", token: "https://uaa.example.com/oauth/token",
		profiles: one("https://uaa.example.com/userinfo", `{"user_id":"a7b1","email":"ada@example.com","name":"Ada"}`),
		subject:  "a7b1", email: ada},
	{provider: cognito.New(id, secret, "https://pool.example.com", callback), preset: "Cognito", needs: "the base URL of the pool's domain", token: "https://pool.example.com/oauth2/token",
		profiles: one("https://pool.example.com/oauth2/userInfo",
			`{"sub":"7d8ca528","email":"ada@example.com","email_verified":"true"}`), subject: "7d8ca528", email: ada},
	{provider: deezer.New(id, secret, callback), token: "https://connect.deezer.com/oauth/access_token.php", answer: `{"access_token":"access-token","expires":3600}`,
		profiles: one("https://api.deezer.com/user/me", `{"id":2529,"email":"ada@example.com","name":"ada"}`),
		subject:  "2529", email: ada},
	{provider: digitalocean.New(id, secret, callback), preset: "DigitalOcean", token: "https://cloud.digitalocean.com/v1/oauth/token",
		profiles: one("https://api.digitalocean.com/v2/account",
			`{"account":{"uuid":"b6fr89db","email":"ada@example.com","email_verified":true}}`), subject: "b6fr89db", email: ada},
	{provider: dropbox.New(id, secret, callback), preset: "Dropbox", token: "https://api.dropbox.com/oauth2/token",
		profiles: one("https://api.dropbox.com/2/users/get_current_account",
			`{"account_id":"dbid:AAH4","email":"ada@example.com","email_verified":true,"name":{"given_name":"Ada"}}`), subject: "dbid:AAH4", email: ada},
	{provider: facebook.New(id, secret, callback), preset: "Facebook", token: "https://graph.facebook.com/oauth/access_token",
		profiles: one("https://graph.facebook.com/me", `{"id":"10157","email":"ada@example.com","name":"Ada"}`),
		subject:  "10157", email: ada},
	{provider: gitea.New(id, secret, callback), preset: "Gitea", needs: "gitea.com, or an instance of your own by `NewCustomisedURL`", token: "https://gitea.com/login/oauth/access_token",
		profiles: one("https://gitea.com/api/v1/user", `{"id":31,"login":"ada","email":"ada@example.com"}`), subject: "31",
		email: ada},
	{provider: github.New(id, secret, callback, "user:email"), preset: "GitHub", needs: "for GitHub Enterprise `NewCustomisedURL`; the scope `user:email` for private addresses", token: "https://github.com/login/oauth/access_token",
		profiles: map[string]string{
			"https://api.github.com/user":        `{"id":583231,"login":"ada","email":null}`,
			"https://api.github.com/user/emails": `[{"email":"other@example.com","primary":false,"verified":true},{"email":"ada@example.com","primary":true,"verified":true}]`,
		}, subject: "583231", email: ada},
	{provider: gitlab.NewCustomisedURL(id, secret, callback, "https://gitlab.com/oauth/authorize", "https://gitlab.com/oauth/token", "https://gitlab.com/api/v4/user"), preset: "GitLab",
		needs:    "`NewCustomisedURL` with `/api/v4/user`: the profile URL of `New` is of an API that GitLab has closed",
		token:    "https://gitlab.com/oauth/token",
		profiles: one("https://gitlab.com/api/v4/user", `{"id":1,"username":"ada","email":"ada@example.com"}`), subject: "1",
		email: ada},
	{provider: google.New(id, secret, callback), preset: "Google", token: "https://oauth2.googleapis.com/token",
		profiles: one("https://www.googleapis.com/oauth2/v2/userinfo",
			`{"id":"1181","email":"ada@example.com","verified_email":true}`), subject: "1181", email: ada},
	{provider: gplus.New(id, secret, callback), preset: "Google", token: "https://accounts.google.com/o/oauth2/token",
		profiles: one("https://www.googleapis.com/oauth2/v2/userinfo", `{"id":"1181","email":"ada@example.com"}`),
		subject:  "1181", email: ada},
	{provider: heroku.New(id, secret, callback), preset: "Heroku", token: "https://id.heroku.com/oauth/token",
		profiles: one("https://api.heroku.com/account", `{"id":"01234567-89ab","email":"ada@example.com","verified":true}`),
		subject:  "01234567-89ab", email: ada},
	{provider: hubspot.New(id, secret, callback), token: "https://api.hubapi.com/oauth/v1/token",
		profiles: one("https://api.hubapi.com/oauth/v1/access-tokens/access-token",
			`{"user":"ada@example.com","user_id":293199,"hub_id":62515,"expires_in":1754}`), subject: "293199", email: ada},
	{provider: influxcloud.New(id, secret, callback), needs: "the variable `INFLUXCLOUD_OAUTH_DOMAIN`, or `NewCustomisedURL`", token: "https://cloud.influxdata.com/oauth/token",
		profiles: one("https://cloud.influxdata.com/api/v1/user", `{"id":9,"login":"ada","email":"ada@example.com"}`),
		subject:  "9", email: ada},
	{provider: instagram.New(id, secret, callback), needs: "an API that Instagram has closed", token: "https://api.instagram.com/oauth/access_token",
		profiles: one("https://api.instagram.com/v1/users/self/", `{"data":{"id":"1574083","username":"ada"}}`),
		subject:  "1574083"},
	{provider: kakao.New(id, secret, callback), preset: "Kakao", token: "https://kauth.kakao.com/oauth/token",
		profiles: one("https://kapi.kakao.com/v2/user/me", `{"id":123456789,"properties":{"nickname":"Ada"}}`),
		subject:  "123456789"},
	{provider: line.New(id, secret, callback), preset: "LINE", needs: "the scopes `openid` and `email` for an address", token: "https://api.line.me/oauth2/v2.1/token",
		profiles: one("https://api.line.me/v2/profile", `{"userId":"U4af4980629","displayName":"Ada"}`),
		subject:  "U4af4980629"},
	{provider: mastodon.New(id, secret, callback), needs: "mastodon.social, or another instance by `NewCustomisedURL`", token: "https://mastodon.social/oauth/token",
		profiles: one("https://mastodon.social/api/v1/accounts/verify_credentials", `{"id":"14715","username":"ada"}`),
		subject:  "14715"},
	{provider: meetup.New(id, secret, callback), needs: "an API that Meetup has closed", token: "https://secure.meetup.com/oauth2/access",
		profiles: one("https://api.meetup.com/2/member/self", `{"id":8377069,"name":"Ada"}`), subject: "8377069"},
	{provider: microsoftonline.New(id, secret, callback), preset: "Microsoft", token: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
		profiles: one("https://graph.microsoft.com/v1.0/me", `{"id":"87d349ed-44d7","mail":"ada@example.com"}`),
		subject:  "87d349ed-44d7", email: ada},
	{provider: naver.New(id, secret, callback), preset: "Naver", token: "https://nid.naver.com/oauth2.0/token",
		profiles: one("https://openapi.naver.com/v1/nid/me",
			`{"resultcode":"00","message":"success","response":{"id":"32742776","email":"ada@example.com"}}`), subject: "32742776", email: ada},
	{provider: nextcloud.NewCustomisedDNS(id, secret, callback, "https://cloud.example.com"), needs: "the URL of the instance, by `NewCustomisedDNS`; the subject is the user's name, which an administrator may give to somebody else once it is deleted", token: "https://cloud.example.com/apps/oauth2/api/v1/token",
		profiles: one("https://cloud.example.com/ocs/v2.php/cloud/user",
			`{"ocs":{"data":{"id":"ada","email":"ada@example.com","display-name":"Ada"}}}`), subject: "ada", email: ada},
	{provider: okta.New(id, secret, "https://org.okta.example", callback), preset: "Okta", needs: "the URL of the organisation", token: "https://org.okta.example/oauth2/default/v1/token",
		profiles: one("https://org.okta.example/oauth2/default/v1/userinfo",
			`{"sub":"00uid4BxXw6I6TV4m0g3","email":"ada@example.com","email_verified":true}`), subject: "00uid4BxXw6I6TV4m0g3", email: ada},
	{provider: patreon.New(id, secret, callback), preset: "Patreon", token: "https://www.patreon.com/api/oauth2/token",
		profiles: one("https://www.patreon.com/api/oauth2/v2/identity",
			`{"data":{"id":"98765","type":"user","attributes":{"email":"ada@example.com","full_name":"Ada"}}}`), subject: "98765", email: ada},
	{provider: paypal.NewCustomisedURL(id, secret, callback, "https://www.paypal.com/signin/authorize", "https://api-m.paypal.com/v1/oauth2/token", "https://api-m.paypal.com/v1/identity/oauth2/userinfo"),
		needs: "the variable `PAYPAL_ENV`, or `NewCustomisedURL`", token: "https://api-m.paypal.com/v1/oauth2/token",
		profiles: one("https://api-m.paypal.com/v1/identity/oauth2/userinfo",
			`{"user_id":"https://www.paypal.com/webapps/auth/identity/user/mWq6","email":"ada@example.com","name":"Ada"}`),
		subject: "https://www.paypal.com/webapps/auth/identity/user/mWq6", email: ada},
	{provider: salesforce.New(id, secret, callback), preset: "Salesforce", token: "https://login.salesforce.com/services/oauth2/token", answer: with(`"id":"https://login.salesforce.com/id/00D/005"`),
		profiles: one("https://login.salesforce.com//id/00D/005",
			`{"user_id":"005","email":"ada@example.com","display_name":"Ada"}`), subject: "005", email: ada},
	{provider: soundcloud.New(id, secret, callback), token: "https://api.soundcloud.com/oauth2/token",
		profiles: one("https://api.soundcloud.com/me", `{"id":3207,"username":"ada"}`), subject: "3207"},
	{provider: spotify.New(id, secret, callback), preset: "Spotify", token: "https://accounts.spotify.com/api/token",
		profiles: one("https://api.spotify.com/v1/me", `{"id":"wizzler","email":"ada@example.com","display_name":"Ada"}`),
		subject:  "wizzler", email: ada},
	{provider: strava.New(id, secret, callback), preset: "Strava", token: "https://www.strava.com/oauth/token",
		profiles: one("https://www.strava.com/api/v3/athlete", `{"id":227615,"firstname":"Ada"}`), subject: "227615"},
	{provider: stripe.New(id, secret, callback), needs: "Connect; the account is a merchant's", token: "https://connect.stripe.com/oauth/token", answer: with(`"stripe_user_id":"acct_1032D8"`),
		profiles: one("https://api.stripe.com/v1/accounts/acct_1032D8", `{"id":"acct_1032D8","email":"ada@example.com"}`),
		subject:  "acct_1032D8", email: ada},
	{provider: twitch.New(id, secret, callback), preset: "Twitch", token: "https://id.twitch.tv/oauth2/token",
		profiles: one("https://api.twitch.tv/helix/users",
			`{"data":[{"id":"44322889","login":"ada","email":"ada@example.com"}]}`), subject: "44322889", email: ada},
	{provider: typetalk.New(id, secret, callback), token: "https://typetalk.com/oauth2/access_token",
		profiles: map[string]string{
			"https://typetalk.com/api/v1/profile":              `{"account":{"id":100,"name":"ada"}}`,
			"https://typetalk.com/api/v1/accounts/profile/ada": `{"account":{"id":100,"name":"ada","mailAddress":"ada@example.com"}}`,
		}, subject: "100", email: ada},
	{provider: uber.New(id, secret, callback), token: "https://login.uber.com/oauth/token",
		profiles: one("https://api.uber.com/v1/me", `{"uuid":"f4a416e3","email":"ada@example.com","first_name":"Ada"}`),
		subject:  "f4a416e3", email: ada},
	{provider: vk.New(id, secret, callback), needs: "the scope `email`: without an address no login succeeds", token: "https://oauth.vk.com/access_token", answer: with(`"user_id":66748,"email":"ada@example.com"`),
		profiles: one("https://api.vk.com/method/users.get", `{"response":[{"id":66748,"first_name":"Ada"}]}`),
		subject:  "66748", email: ada},
	{provider: wepay.New(id, secret, callback), token: "https://wepayapi.com/v2/oauth2/token",
		profiles: one("https://wepayapi.com/v2/user", `{"user_id":539291,"user_name":"Ada","email":"ada@example.com"}`),
		subject:  "539291", email: ada},
	{provider: yahoo.New(id, secret, callback), preset: "Yahoo", token: "https://api.login.yahoo.com/oauth2/get_token",
		profiles: one("https://api.login.yahoo.com/openid/v1/userinfo",
			`{"sub":"FSVIDUW3D7FSVIDUW3D72F2F","email":"ada@example.com"}`), subject: "FSVIDUW3D7FSVIDUW3D72F2F", email: ada},
	{provider: yammer.New(id, secret, callback), token: "https://www.yammer.com/oauth2/access_token", answer: `{"access_token":{"user_id":1014216,"token":"access-token"}}`,
		profiles: one("https://www.yammer.com/api/v1/users/current.json",
			`{"id":1014216,"full_name":"Ada","email":"ada@example.com"}`), subject: "1014216", email: ada},
	{provider: zoom.New(id, secret, callback), preset: "Zoom", token: "https://zoom.us/oauth/token",
		profiles: one("https://zoom.us/v2/users/me", `{"id":"KDcuGIm1QgePTO8WbOqwIQ","email":"ada@example.com"}`),
		subject:  "KDcuGIm1QgePTO8WbOqwIQ", email: ada},
}
