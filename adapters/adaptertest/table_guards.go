package adaptertest

import "github.com/latchkey-go/latchkey/core"

// guards returns the rules about Require, Optional and CurrentUser.
func guards() []section {
	unauthorized := detail(401, "Unauthorized", "Www-Authenticate: Bearer")
	return []section{
		{rule: "Require admits whom the host admits, with every guard asked, and else gives the host's answer", rows: []row{
			{send: "GET /required\nAuthorization: Bearer ada", want: ok("ada")},
			{send: "GET /required", want: unauthorized},
			{send: "GET /required\nAuthorization: Bearer bad", want: unauthorized},
			{send: "GET /required\nAuthorization: Basic ada", want: unauthorized},
			{send: "GET /required\nCookie: session=ada", want: unauthorized},
			{send: "GET /superuser", want: unauthorized},
			{send: "GET /superuser\nAuthorization: Bearer ada", want: detail(403, "Forbidden")},
			{send: "GET /superuser\nAuthorization: Bearer root", want: ok("root")},
			{send: "GET /required\nAuthorization: Bearer ada\nAuthorization: Bearer root", want: detail(400, core.CodeDuplicateCredentials)},
			{send: "GET /required\nauthorization: Bearer ada\nAUTHORIZATION: Bearer ada", want: detail(400, core.CodeDuplicateCredentials)},
			{send: "GET /required\nAuthorization: Bearer limited", want: detail(429, core.CodeRateLimited, "Retry-After: 30")},
			{send: "GET /required\nAuthorization: Bearer down", want: detail(503, core.CodeServiceUnavailable, "Retry-After: 2")},
		}},
		{rule: "Optional lets nobody in as nobody, and refuses what Require refuses for another cause", rows: []row{
			{send: "GET /optional\nAuthorization: Bearer ada", want: ok("ada")},
			{send: "GET /optional", want: ok("nobody")},
			{send: "GET /optional\nAuthorization: Bearer bad", want: ok("nobody")},
			{send: "GET /optional\nAuthorization: Bearer ada\nAuthorization: Bearer ada", want: detail(400, core.CodeDuplicateCredentials)},
			{send: "GET /optional\nAuthorization: Bearer down", want: detail(503, core.CodeServiceUnavailable, "Retry-After: 2")},
			{send: "GET /optional/superuser", want: ok("nobody")},
			{send: "GET /optional/superuser\nAuthorization: Bearer ada", want: detail(403, "Forbidden")},
			{send: "GET /optional/superuser\nAuthorization: Bearer root", want: ok("root")},
		}},
		{rule: "Require passes the host the same head as a route gets", rows: []row{
			{send: "GET /required\nAuthorization: Bearer head", want: ok(`GET app.example []`)},
			{send: "GET /required\nHost: app.example:8443\nAuthorization: Bearer head", want: ok(`GET app.example:8443 []`)},
			{send: "GET /required\nAuthorization: Bearer head\nCookie: a=1; a=2\nCookie: a=\"3\"", want: ok(`GET app.example ["a=1; a=2" "a=\"3\""]`)},
			{send: "GET /optional\nAuthorization: Bearer head\nCookie: a=1\nCookie: a=1", want: ok(`GET app.example ["a=1" "a=1"]`)},
		}},
		{rule: "a guard gets the values of the path, decoded once, and only those of the matched route", rows: []row{
			{send: "GET /orgs/ada/plan\nAuthorization: Bearer ada", want: ok("ada")},
			{send: "GET /orgs/bob/plan\nAuthorization: Bearer ada", want: detail(403, "Forbidden")},
			{send: "GET /orgs/bob/plan?org=ada\nAuthorization: Bearer ada", want: detail(403, "Forbidden")},
			{send: "GET /orgs/caf%C3%A9/plan\nAuthorization: Bearer café", want: ok("café")},
			{send: "GET /orgs/caf%c3%a9/plan\nAuthorization: Bearer café", want: ok("café")},
			{send: "GET /orgs/a%2520b/plan\nAuthorization: Bearer a%20b", want: ok("a%20b")},
			{send: "GET /orgs/a+b/plan\nAuthorization: Bearer a+b", want: ok("a+b")},
			{send: "GET /optional/orgs/ada\nAuthorization: Bearer ada", want: ok("ada")},
			{send: "GET /optional/orgs/bob", want: ok("nobody")},
			{send: "GET /required\nAuthorization: Bearer ada", want: ok("ada")},
		}},
		{rule: "a guard gets the target as it was sent", rows: []row{
			{send: "GET /target\nAuthorization: Bearer ada", want: detail(418, "/target")},
			{send: "GET /target?next=%2Fa%20b&x\nAuthorization: Bearer ada", want: detail(418, "/target?next=%2Fa%20b\\u0026x")},
			{send: "GET http://app.example/target?a=1\nAuthorization: Bearer ada", want: detail(418, "/target?a=1")},
		}},
		{rule: "A02 no header names a user", rows: []row{
			{send: "GET /required\nX-User-ID: ada", want: unauthorized},
			{send: "GET /required\nX_User_ID: ada\nUser: ada", want: unauthorized},
			{send: "GET /required\nRemote-User: ada\nX-Forwarded-User: ada", want: unauthorized},
			{send: "GET /optional\nX-User-ID: ada\nX-Current-User: ada\nRemote-User: ada", want: ok("nobody")},
			{send: "GET /required\nAuthorization: Bearer ada\nX-User-ID: root", want: ok("ada")},
			{send: "GET /superuser\nAuthorization: Bearer ada\nX-User-ID: root", want: detail(403, "Forbidden")},
		}},
	}
}
