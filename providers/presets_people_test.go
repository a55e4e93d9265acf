package providers_test

import (
	"net/http"

	"github.com/latchkey-go/latchkey/providers"
)

var notVerified = []string{`"email_verified":true`, `"email_verified":false`}

// client returns the constructor of a preset that has no arguments of its own.
func client(
	preset func(id, secret string, opts ...providers.Option) *providers.Provider,
) func(...providers.Option) *providers.Provider {
	return func(opts ...providers.Option) *providers.Provider { return preset("the-client", "the-secret", opts...) }
}

var people = []preset{
	{
		name: "google", make: client(providers.Google), issuer: "https://accounts.google.com", scope: "openid email profile",
		idToken: `{"sub":"110169484474386276334","azp":"the-client","email":"ada@example.com","email_verified":true,"name":"Ada Lovelace",
			"picture":"https://lh3.googleusercontent.com/a/x","hd":"example.com"}`,
		subject: "110169484474386276334", person: "Ada Lovelace", picture: "https://lh3.googleusercontent.com/a/x",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "apple", make: makeApple, issuer: "https://appleid.apple.com", scope: "openid email name",
		params:   map[string]string{"response_mode": "form_post"},
		idToken:  `{"sub":"001473.fe6f83bf4b8e4590aacbabdcb8598bd0.2039","email":"ada@example.com","email_verified":"true","is_private_email":"true"}`,
		subject:  "001473.fe6f83bf4b8e4590aacbabdcb8598bd0.2039",
		verified: "true", unverify: []string{`"email_verified":"true"`, `"email_verified":"false"`}, unverified: "false",
	},
	{
		name: "microsoft", make: func(opts ...providers.Option) *providers.Provider {
			return providers.Microsoft("common", "the-client", "the-secret", opts...)
		},
		issuer: "https://login.microsoftonline.com/common/v2.0",
		iss:    "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
		scope:  "openid email profile",
		idToken: `{"sub":"AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ","tid":"72f988bf-86f1-41af-91ab-2d7cd011db47",
			"oid":"00000000-0000-0000-66f3-3332eca7ea81","email":"ada@example.com","email_verified":true,"name":"Ada Lovelace",
			"preferred_username":"ada@example.com","ver":"2.0"}`,
		subject: "72f988bf-86f1-41af-91ab-2d7cd011db47:00000000-0000-0000-66f3-3332eca7ea81", person: "Ada Lovelace",
	},
	{
		name: "facebook", make: client(providers.Facebook), authorize: "https://www.facebook.com/v23.0/dialog/oauth",
		token: "https://graph.facebook.com/v23.0/oauth/access_token", scope: "email,public_profile",
		answers: map[string]string{
			// HMAC-SHA256 of "the-access-token" with the key
			// "the-secret".
			"GET https://graph.facebook.com/v23.0/me?appsecret_proof=95f103a26ae3fb1ec99438bab8c2766d59778ce6f389d7c9ad3208a7b7646497&fields=id%2Cname%2Cemail%2Cpicture.type%28large%29": `{
				"id":"10158000000000000","name":"Ada Lovelace","email":"ada@example.com",
				"picture":{"data":{"height":200,"is_silhouette":false,"url":"https://platform-lookaside.fbsbx.com/x","width":200}}}`,
		},
		subject: "10158000000000000", person: "Ada Lovelace", picture: "https://platform-lookaside.fbsbx.com/x",
	},
	{
		name: "x", make: client(providers.X), authorize: "https://x.com/i/oauth2/authorize",
		token: "https://api.x.com/2/oauth2/token", basic: true,
		scope: "users.read tweet.read users.email",
		answers: map[string]string{
			"GET https://api.x.com/2/users/me?user.fields=confirmed_email,profile_image_url": `{"data":{"id":"2244994945","name":"Ada","username":"ada",
				"confirmed_email":"ada@example.com","profile_image_url":"https://pbs.twimg.com/x.jpg"}}`,
		},
		subject: "2244994945", person: "Ada", picture: "https://pbs.twimg.com/x.jpg", verified: "true",
	},
	{
		name: "discord", make: client(providers.Discord), authorize: "https://discord.com/oauth2/authorize",
		token: "https://discord.com/api/oauth2/token",
		scope: "identify email",
		answers: map[string]string{
			"GET https://discord.com/api/users/@me": `{"id":"80351110224678912","username":"ada","discriminator":"0","global_name":"Ada",
				"avatar":"8342729096ea3675442027381ff50dfe","verified":true,"email":"ada@example.com","flags":64}`,
		},
		subject: "80351110224678912", person: "Ada",
		picture:  "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png",
		verified: "true", unverify: []string{`"verified":true`, `"verified":false`}, unverified: "false",
	},
	{
		name: "reddit", make: client(providers.Reddit), authorize: "https://www.reddit.com/api/v1/authorize",
		token: "https://www.reddit.com/api/v1/access_token", basic: true, scope: "identity", noEmail: true,
		answers: map[string]string{"GET https://oauth.reddit.com/api/v1/me": `{"id":"1w72","name":"ada","has_verified_email":true,"created":1.4e9}`},
		subject: "1w72", person: "ada",
	},
	{
		name: "twitch", make: client(providers.Twitch), issuer: "https://id.twitch.tv/oauth2",
		scope:  "openid user:read:email",
		params: map[string]string{"claims": `{"id_token":{"email":null,"email_verified":null,"picture":null,"preferred_username":null}}`},
		idToken: `{"sub":"713936733","azp":"the-client","email":"ada@example.com","email_verified":true,"preferred_username":"ada",
			"picture":"https://static-cdn.jtvnw.net/x.png"}`,
		subject: "713936733", person: "ada", picture: "https://static-cdn.jtvnw.net/x.png",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "spotify", make: client(providers.Spotify), authorize: "https://accounts.spotify.com/authorize",
		token: "https://accounts.spotify.com/api/token", basic: true, scope: "user-read-email",
		answers: map[string]string{
			"GET https://api.spotify.com/v1/me": `{"id":"smedjan","display_name":"Ada","email":"ada@example.com","country":"SE",
				"images":[{"url":"https://i.scdn.co/image/x","height":300,"width":300}]}`,
		},
		subject: "smedjan", person: "Ada", picture: "https://i.scdn.co/image/x",
	},
	{
		name: "linkedin", make: client(providers.LinkedIn), authorize: "https://www.linkedin.com/oauth/v2/authorization",
		token: "https://www.linkedin.com/oauth/v2/accessToken", scope: "openid email profile", noPKCE: true,
		answers: map[string]string{
			"GET https://api.linkedin.com/v2/userinfo": `{"sub":"782bbtaQ","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace",
				"picture":"https://media.licdn-ei.com/x","locale":{"country":"GB","language":"en"},"email":"ada@example.com","email_verified":true}`,
		},
		subject: "782bbtaQ", person: "Ada Lovelace", picture: "https://media.licdn-ei.com/x",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "line", make: client(providers.LINE), authorize: "https://access.line.me/oauth2/v2.1/authorize",
		token: "https://api.line.me/oauth2/v2.1/token", scope: "openid profile", noEmail: true,
		answers: map[string]string{
			"GET https://api.line.me/oauth2/v2.1/userinfo": `{"sub":"U1234567890abcdef1234567890abcdef","name":"Ada","picture":"https://profile.line-scdn.net/x"}`,
		},
		subject: "U1234567890abcdef1234567890abcdef", person: "Ada", picture: "https://profile.line-scdn.net/x",
	},
	{
		name: "kakao", make: client(providers.Kakao), authorize: "https://kauth.kakao.com/oauth/authorize",
		token: "https://kauth.kakao.com/oauth/token",
		scope: "profile_nickname account_email",
		answers: map[string]string{
			"GET https://kapi.kakao.com/v2/user/me": `{"id":123456789,"connected_at":"2022-04-11T01:45:28Z","kakao_account":{"has_email":true,
				"is_email_valid":true,"is_email_verified":true,"email":"ada@example.com",
				"profile":{"nickname":"Ada","profile_image_url":"https://k.kakaocdn.net/x.jpg"}}}`,
		},
		subject: "123456789", person: "Ada", picture: "https://k.kakaocdn.net/x.jpg",
		verified: "true", unverify: []string{`"is_email_valid":true`, `"is_email_valid":false`}, unverified: "false",
	},
	{
		name: "naver", make: client(providers.Naver), authorize: "https://nid.naver.com/oauth2.0/authorize",
		token: "https://nid.naver.com/oauth2.0/token",
		answers: map[string]string{
			"GET https://openapi.naver.com/v1/nid/me": `{"resultcode":"00","message":"success","response":{"id":"32742776","email":"ada@example.com",
				"name":"Ada","profile_image":"https://ssl.pstatic.net/x.gif"}}`,
		},
		subject: "32742776", person: "Ada", picture: "https://ssl.pstatic.net/x.gif",
	},
	{
		name: "yahoo", make: client(providers.Yahoo), issuer: "https://api.login.yahoo.com", scope: "openid email profile",
		idToken: `{"sub":"JHKJSHKDJHSKDH"}`,
		answers: map[string]string{
			"GET https://idp.example/userinfo": `{"sub":"JHKJSHKDJHSKDH","name":"Ada","email":"ada@example.com","email_verified":true,
				"picture":"https://s.yimg.com/x.jpg"}`,
		},
		subject: "JHKJSHKDJHSKDH", person: "Ada", picture: "https://s.yimg.com/x.jpg",
		verified: "true", unverify: notVerified, unverified: "false",
	},
	{
		name: "yandex", make: client(providers.Yandex), authorize: "https://oauth.yandex.com/authorize",
		token: "https://oauth.yandex.com/token",
		scope: "login:info login:email login:avatar", header: http.Header{"Authorization": {"OAuth the-access-token"}},
		answers: map[string]string{
			"GET https://login.yandex.ru/info?format=json": `{"id":"1000034426","login":"ada","client_id":"x","default_email":"ada@example.com",
				"emails":["ada@example.com"],"default_avatar_id":"131652443","is_avatar_empty":false,"real_name":"Ada Lovelace","display_name":"ada"}`,
		},
		subject: "1000034426", person: "Ada Lovelace", picture: "https://avatars.yandex.net/get-yapic/131652443/islands-200",
	},
	{
		name: "amazon", make: client(providers.Amazon), authorize: "https://www.amazon.com/ap/oa",
		token: "https://api.amazon.com/auth/o2/token",
		scope: "profile",
		answers: map[string]string{
			"GET https://api.amazon.com/user/profile": `{"user_id":"amzn1.account.K2LI23KL2LK2","email":"ada@example.com","name":"Ada"}`,
		},
		subject: "amzn1.account.K2LI23KL2LK2", person: "Ada",
	},
	{
		name: "patreon", make: client(providers.Patreon), authorize: "https://www.patreon.com/oauth2/authorize",
		token: "https://www.patreon.com/api/oauth2/token", scope: "identity identity[email]",
		answers: map[string]string{
			"GET https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=email,full_name,image_url,is_email_verified": `{"data":{"type":"user",
				"id":"12345689","attributes":{"email":"ada@example.com","full_name":"Ada","image_url":"https://c8.patreon.com/x","is_email_verified":true}},
				"links":{"self":"https://www.patreon.com/api/oauth2/v2/user/12345689"}}`,
		},
		subject: "12345689", person: "Ada", picture: "https://c8.patreon.com/x",
		verified: "true", unverify: []string{`"is_email_verified":true`, `"is_email_verified":false`}, unverified: "false",
	},
	{
		name: "strava", make: client(providers.Strava), authorize: "https://www.strava.com/oauth/authorize",
		token: "https://www.strava.com/oauth/token",
		scope: "read", noEmail: true,
		answers: map[string]string{
			"GET https://www.strava.com/api/v3/athlete": `{"id":1234567890987654321,"username":"ada","firstname":"Ada","lastname":"Lovelace",
				"profile":"https://dgalywyr863hv.cloudfront.net/x.jpg"}`,
		},
		subject: "1234567890987654321", person: "Ada Lovelace", picture: "https://dgalywyr863hv.cloudfront.net/x.jpg",
	},
	{
		name: "wordpress", make: client(providers.WordPress), authorize: "https://public-api.wordpress.com/oauth2/authorize",
		token: "https://public-api.wordpress.com/oauth2/token", scope: "auth",
		answers: map[string]string{
			"GET https://public-api.wordpress.com/rest/v1.1/me": `{"ID":78972699,"display_name":"Ada","username":"ada","email":"ada@example.com",
				"email_verified":true,"avatar_URL":"https://0.gravatar.com/x"}`,
		},
		subject: "78972699", person: "Ada", picture: "https://0.gravatar.com/x", verified: "true", unverify: notVerified,
		unverified: "false",
	},
}
