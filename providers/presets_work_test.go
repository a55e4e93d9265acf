package providers_test

import (
	"net/http"

	"github.com/latchkey-go/latchkey/providers"
)

var work = []preset{
	{
		name: "github", make: client(providers.GitHub), authorize: "https://github.com/login/oauth/authorize",
		token: "https://github.com/login/oauth/access_token", scope: "read:user user:email",
		answers: map[string]string{
			"GET https://api.github.com/user": `{"login":"ada","id":583231,"node_id":"x","avatar_url":"https://avatars.githubusercontent.com/u/583231",
				"name":"Ada Lovelace","email":"public@example.com","type":"User"}`,
			"GET https://api.github.com/user/emails?per_page=100": `[
				{"email":"other@example.com","primary":false,"verified":true,"visibility":null},
				{"email":"ada@example.com","primary":true,"verified":true,"visibility":"private"}]`,
		},
		subject: "583231", person: "Ada Lovelace", picture: "https://avatars.githubusercontent.com/u/583231",
		verified: "true", unverify: []string{`"primary":true,"verified":true`, `"primary":true,"verified":false`},
		unverified: "false",
	},
	{
		name: "gitlab", make: client(providers.GitLab), issuer: "https://gitlab.com", scope: "openid email profile",
		basic: true,
		idToken: `{"sub":"1234567","auth_time":1700000000,"email":"ada@example.com","email_verified":true,"name":"Ada","nickname":"ada",
			"picture":"https://gitlab.com/uploads/x.png","groups_direct":[]}`,
		subject: "1234567", person: "Ada", picture: "https://gitlab.com/uploads/x.png", verified: "true",
		unverify: notVerified, unverified: "false",
	},
	{
		name: "bitbucket", make: client(providers.Bitbucket), authorize: "https://bitbucket.org/site/oauth2/authorize",
		token: "https://bitbucket.org/site/oauth2/access_token", basic: true,
		answers: map[string]string{
			"GET https://api.bitbucket.org/2.0/user": `{"type":"user","uuid":"{8b2a3d5c-0000-0000-0000-000000000001}","account_id":"5b10ac8d",
				"nickname":"ada","display_name":"Ada","links":{"avatar":{"href":"https://bitbucket.org/account/ada/avatar/"}}}`,
			"GET https://api.bitbucket.org/2.0/user/emails?pagelen=100": `{"pagelen":100,"values":[
				{"type":"email","email":"other@example.com","is_primary":false,"is_confirmed":true},
				{"type":"email","email":"ada@example.com","is_primary":true,"is_confirmed":true}],"page":1,"size":2}`,
		},
		subject: "{8b2a3d5c-0000-0000-0000-000000000001}", person: "Ada",
		picture:  "https://bitbucket.org/account/ada/avatar/",
		verified: "true", unverify: []string{`"is_primary":true,"is_confirmed":true`,
			`"is_primary":true,"is_confirmed":false`}, unverified: "false",
	},
	{
		name: "gitea", make: func(opts ...providers.Option) *providers.Provider {
			return providers.Gitea("https://codeberg.org/", "the-client", "the-secret", opts...)
		},
		authorize: "https://codeberg.org/login/oauth/authorize", token: "https://codeberg.org/login/oauth/access_token",
		scope: "read:user",
		answers: map[string]string{
			"GET https://codeberg.org/api/v1/user": `{"id":42,"login":"ada","full_name":"Ada","email":"ada@example.com",
				"avatar_url":"https://codeberg.org/avatars/x","active":true}`,
		},
		subject: "42", person: "Ada", picture: "https://codeberg.org/avatars/x",
	},
	{
		name: "huggingface", make: client(providers.HuggingFace), issuer: "https://huggingface.co",
		scope: "openid email profile", basic: true,
		idToken: `{"sub":"62d648291fa3e4e7ae3fa6e8"}`,
		answers: map[string]string{
			"GET https://idp.example/userinfo": `{"sub":"62d648291fa3e4e7ae3fa6e8","name":"Ada","preferred_username":"ada","email":"ada@example.com",
				"email_verified":true,"picture":"https://cdn-avatars.huggingface.co/x"}`,
		},
		subject: "62d648291fa3e4e7ae3fa6e8", person: "Ada", picture: "https://cdn-avatars.huggingface.co/x",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "digitalocean", make: client(providers.DigitalOcean),
		authorize: "https://cloud.digitalocean.com/v1/oauth/authorize",
		token:     "https://cloud.digitalocean.com/v1/oauth/token", scope: "read",
		answers: map[string]string{
			"GET https://api.digitalocean.com/v2/account": `{"account":{"droplet_limit":25,"email":"ada@example.com","name":"Ada",
				"uuid":"b6fr89dbf6d9156cace5f3c78dc9851d957381ef","email_verified":true,"status":"active"}}`,
		},
		subject: "b6fr89dbf6d9156cace5f3c78dc9851d957381ef", person: "Ada", verified: "true", unverify: notVerified,
		unverified: "false",
	},
	{
		name: "heroku", make: client(providers.Heroku), authorize: "https://id.heroku.com/oauth/authorize",
		token: "https://id.heroku.com/oauth/token",
		scope: "identity", header: http.Header{"Accept": {"application/vnd.heroku+json; version=3"}},
		answers: map[string]string{
			"GET https://api.heroku.com/account": `{"id":"01234567-89ab-cdef-0123-456789abcdef","email":"ada@example.com","name":"Ada","verified":true}`,
		},
		subject: "01234567-89ab-cdef-0123-456789abcdef", person: "Ada",
	},
	{
		name: "atlassian", make: client(providers.Atlassian), authorize: "https://auth.atlassian.com/authorize",
		token: "https://auth.atlassian.com/oauth/token", scope: "read:me",
		params: map[string]string{"audience": "api.atlassian.com", "prompt": "consent"},
		answers: map[string]string{
			"GET https://api.atlassian.com/me": `{"account_type":"atlassian","account_id":"112233aa-bb11-cc22-33dd-445566abcabc","email":"ada@example.com",
				"name":"Ada","picture":"https://avatar-management.atl-paas.net/x","account_status":"active","nickname":"ada"}`,
		},
		subject: "112233aa-bb11-cc22-33dd-445566abcabc", person: "Ada", picture: "https://avatar-management.atl-paas.net/x",
	},
	{
		name: "slack", make: client(providers.Slack), issuer: "https://slack.com", scope: "openid email profile",
		idToken: `{"sub":"U0R7MFMJM","https://slack.com/user_id":"U0R7MFMJM","https://slack.com/team_id":"T0R7GR7NW","email":"ada@example.com",
			"email_verified":true,"date_email_verified":1622128723,"name":"Ada","picture":"https://secure.gravatar.com/x"}`,
		subject: "T0R7GR7NW:U0R7MFMJM", person: "Ada", picture: "https://secure.gravatar.com/x",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "notion", make: client(providers.Notion), authorize: "https://api.notion.com/v1/oauth/authorize",
		token: "https://api.notion.com/v1/oauth/token", basic: true, params: map[string]string{"owner": "user"},
		header: http.Header{"Notion-Version": {"2022-06-28"}},
		answers: map[string]string{
			"GET https://api.notion.com/v1/users/me": `{"object":"user","id":"16d84278-ab0e-484c-9bdd-b35da3bd8905","type":"bot","bot":{"owner":{
				"type":"user","user":{"object":"user","id":"5389a034-eb5c-47b5-8a9e-f79c99ef166c","name":"Ada","avatar_url":"https://s3.amazonaws.com/x",
				"type":"person","person":{"email":"ada@example.com"}}}}}`,
		},
		subject: "5389a034-eb5c-47b5-8a9e-f79c99ef166c", person: "Ada", picture: "https://s3.amazonaws.com/x",
	},
	{
		name: "figma", make: client(providers.Figma), authorize: "https://www.figma.com/oauth",
		token: "https://api.figma.com/v1/oauth/token",
		basic: true, scope: "current_user:read",
		answers: map[string]string{
			"GET https://api.figma.com/v1/me": `{"id":"1234567890","email":"ada@example.com","handle":"Ada","img_url":"https://s3-alpha.figma.com/x"}`,
		},
		subject: "1234567890", person: "Ada", picture: "https://s3-alpha.figma.com/x",
	},
	{
		name: "zoom", make: client(providers.Zoom), authorize: "https://zoom.us/oauth/authorize",
		token: "https://zoom.us/oauth/token", basic: true,
		answers: map[string]string{
			"GET https://api.zoom.us/v2/users/me": `{"id":"KDcuGIm1QgePTO8WbOqwIQ","display_name":"Ada","email":"ada@example.com","verified":1,
				"pic_url":"https://zoom.us/p/x","account_id":"q6gBJVO5TzexKYTb_I2rpg"}`,
		},
		subject: "KDcuGIm1QgePTO8WbOqwIQ", person: "Ada", picture: "https://zoom.us/p/x",
	},
	{
		name: "dropbox", make: client(providers.Dropbox), authorize: "https://www.dropbox.com/oauth2/authorize",
		token: "https://api.dropboxapi.com/oauth2/token", scope: "account_info.read",
		answers: map[string]string{
			"POST https://api.dropboxapi.com/2/users/get_current_account": `{"account_id":"dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc",
				"name":{"given_name":"Ada","display_name":"Ada Lovelace"},"email":"ada@example.com","email_verified":true,"disabled":false,
				"profile_photo_url":"https://dl-web.dropbox.com/x"}`,
		},
		subject: "dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc", person: "Ada Lovelace", picture: "https://dl-web.dropbox.com/x",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "box", make: client(providers.Box), authorize: "https://account.box.com/api/oauth2/authorize",
		token: "https://api.box.com/oauth2/token",
		answers: map[string]string{
			"GET https://api.box.com/2.0/users/me": `{"type":"user","id":"181216415","name":"Ada","login":"ada@example.com",
				"avatar_url":"https://app.box.com/api/avatar/large/181216415"}`,
		},
		subject: "181216415", person: "Ada", picture: "https://app.box.com/api/avatar/large/181216415",
	},
	{
		name: "asana", make: client(providers.Asana), authorize: "https://app.asana.com/-/oauth_authorize",
		token: "https://app.asana.com/-/oauth_token",
		answers: map[string]string{
			"GET https://app.asana.com/api/1.0/users/me": `{"data":{"gid":"12345","resource_type":"user","name":"Ada","email":"ada@example.com",
				"photo":{"image_128x128":"https://s3.amazonaws.com/profile_photos/x"}}}`,
		},
		subject: "12345", person: "Ada", picture: "https://s3.amazonaws.com/profile_photos/x",
	},
	{
		name: "salesforce", make: client(providers.Salesforce), issuer: "https://login.salesforce.com",
		scope:   "openid email profile",
		idToken: `{"sub":"https://login.salesforce.com/id/00Dx0000000A9y0EAC/005x0000001S2b9AAC"}`,
		answers: map[string]string{
			"GET https://idp.example/userinfo": `{"sub":"https://login.salesforce.com/id/00Dx0000000A9y0EAC/005x0000001S2b9AAC",
				"user_id":"005x0000001S2b9AAC","organization_id":"00Dx0000000A9y0EAC","preferred_username":"ada@example.com","name":"Ada",
				"email":"ada@example.com","email_verified":true,"picture":"https://c.documentforce.com/x"}`,
		},
		subject: "https://login.salesforce.com/id/00Dx0000000A9y0EAC/005x0000001S2b9AAC", person: "Ada",
		picture:  "https://c.documentforce.com/x",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "shopify", make: func(opts ...providers.Option) *providers.Provider {
			return providers.Shopify("snowdevil", "the-client", "the-secret", opts...)
		},
		authorize: "https://snowdevil.myshopify.com/admin/oauth/authorize",
		token:     "https://snowdevil.myshopify.com/admin/oauth/access_token",
		header:    http.Header{"X-Shopify-Access-Token": {"the-access-token"}},
		answers: map[string]string{
			"GET https://snowdevil.myshopify.com/admin/api/2025-10/shop.json": `{"shop":{"id":548380009,"name":"Snowdevil","email":"ada@example.com",
				"domain":"shop.example.com","myshopify_domain":"snowdevil.myshopify.com"}}`,
		},
		subject: "548380009", person: "Snowdevil",
	},
}
