package adaptertest

import "github.com/latchkey-go/latchkey/core"

// contract returns the routes of the HTTP contract, at the prefixes that it
// recommends.
func contract() []section {
	const form = "\nContent-Type: application/x-www-form-urlencoded"
	return []section{
		{rule: "every route of the contract is reached, OAuth's callback by GET and by POST", head: true, rows: []row{
			{send: "POST /auth/login", want: ok("login")},
			{send: "POST /auth/logout", want: ok("logout")},
			{send: "POST /auth/register", want: ok("register")},
			{send: "POST /auth/forgot-password", want: ok("forgot")},
			{send: "POST /auth/reset-password", want: ok("reset")},
			{send: "POST /auth/request-verify-token", want: ok("request")},
			{send: "POST /auth/verify", want: ok("verify")},
			{send: "POST /auth/exchange", want: ok("exchange")},
			{send: "GET /auth/accounts", want: ok("accounts")},
			{send: "GET /auth/sessions", want: ok("sessions")},
			{send: "DELETE /auth/sessions", want: ok("end others")},
			{send: "DELETE /auth/sessions/0af3", want: ok("end 0af3")},
			{send: "GET /auth/acme/authorize?scopes=a&scopes=b", want: ok("oauth.authorize")},
			{send: "GET /auth/acme/callback?state=s&code=c", want: ok("oauth.callback s c")},
			{send: "GET /auth/acme/callback?code=a%2Fb%3D&state=s%20t", want: ok("oauth.callback s t a/b=")},
			{send: "GET /auth/acme/callback?error=access_denied&error_description=%3Cscript%3E", want: ok("oauth.callback  ")},
			{send: "POST /auth/acme/callback" + form, body: "state=s&code=a%2Fb", want: ok(`oauth.form "s" "a/b"`)},
			{send: "GET /auth/associate/acme/authorize", want: ok("associate.authorize")},
			{send: "GET /auth/associate/acme/callback?state=s&code=c", want: ok("associate.callback s c")},
			{send: "POST /auth/associate/acme/callback" + form, body: "code=c&state=s", want: ok(`associate.form "s" "c"`)},
			{send: "POST /auth/acme/callback?state=s&code=c" + form, want: ok(`oauth.form  `)},
		}},
		{rule: "P02 a body is read by its one Content-Type", rows: []row{
			{send: "POST /auth/form" + form, body: "username=ada%40app.example&password=a+b%2B", want: ok(`{"password":"a b+","username":"ada@app.example"}`)},
			{send: "POST /auth/form" + form + "; charset=UTF-8", body: "a=%C3%A9", want: ok(`{"a":"é"}`)},
			{send: "POST /auth/form\ncontent-type: Application/JSON", body: `{"a":1}`, want: ok(`{"a":1}`)},
			{send: "POST /auth/form\nContent-Type: multipart/form-data; boundary=b", body: "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n", want: ok(`{"a":"1"}`)},
			{send: "POST /auth/form", body: "a=1", want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/form\nContent-Type: text/plain", body: `{"a":1}`, want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/form" + form + "\nContent-Type: application/json", body: `{"a":1}`, want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/form\nContent-Type: application/json" + form, body: "a=1", want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/form\nContent-Type: application/json; charset=utf-16", body: `{"a":1}`, want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/form" + form, body: "a=1&a=2", want: detail(422, "Unprocessable Entity")},
			{send: "POST /auth/form" + form, body: "a=%zz", want: detail(422, "Unprocessable Entity")},
			{send: "POST /auth/form" + form, body: "a=%00", want: detail(422, "Unprocessable Entity")},
			{send: "POST /auth/form" + form, body: "a=\xff", want: detail(422, "Unprocessable Entity")},
			{send: "POST /auth/form\nContent-Type: application/json", body: `{"a":1,"a":2}`, want: detail(422, "Unprocessable Entity")},
			{send: "POST /auth/form\nContent-Type: application/json", body: `{"a":1}{}`, want: detail(422, "Unprocessable Entity")},
			{send: "POST /auth/form?a=1" + form, want: ok(`{}`)},
			{send: "POST /auth/form" + form + "\nContent-Encoding: identity", body: "a=1", want: ok(`{"a":"1"}`)},
			{send: "POST /auth/form" + form + "\nContent-Encoding: gzip", body: "a=1", want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/form" + form + "\nContent-Encoding: identity\nContent-Encoding: GZIP", body: "a=1", want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/form\nContent-Type: application/json\nContent-Encoding: deflate, gzip", body: `{"a":1}`, want: detail(415, core.CodeUnsupportedMediaType)},
			{send: "POST /auth/acme/callback" + form + "\nContent-Encoding: br", body: "state=s&code=c", want: detail(415, core.CodeUnsupportedMediaType)},
		}},
	}
}
