package adaptertest

import (
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// decisions returns the rules about what core decides from a head, seen from
// the wire.
func decisions() []section {
	none := detail(401, "Unauthorized", "Www-Authenticate: Bearer")
	twice := detail(400, core.CodeDuplicateCredentials)
	bearer := func(w want, header ...string) row {
		return row{send: strings.Join(append([]string{"GET /auth/bearer"}, header...), "\n"), want: w}
	}
	cookie := func(w want, header ...string) row {
		return row{send: strings.Join(append([]string{"GET /auth/cookie"}, header...), "\n"), want: w}
	}
	return []section{
		{rule: "P10 there is one bearer token, or none", rows: []row{
			bearer(ok("a.b-c_d~e+f/g=="), "Authorization: Bearer a.b-c_d~e+f/g=="),
			bearer(ok("a"), "authorization: bEARER a"),
			bearer(none),
			bearer(none, "Authorization: Basic YTpi"),
			bearer(none, "Authorization: Bearer"),
			bearer(none, "Authorization: Bearer a, Bearer b"),
			bearer(none, "Authorization: Bearer  a"),
			bearer(none, "Authorization: Bearer a b"),
			bearer(none, "Authorization: Bearer \xc3\xa9"),
			bearer(none, "Authorization: Bearer a%62"),
			bearer(none, "Proxy-Authorization: Bearer a"),
			bearer(twice, "Authorization: Bearer a", "Authorization: Bearer a"),
			bearer(twice, "Authorization: Basic YTpi", "Authorization: Bearer a"),
			bearer(twice, "Authorization: Bearer a", "Authorization:"),
		}},
		{rule: "S10 S11 there is one cookie of the exact name, as it was sent, or none", rows: []row{
			cookie(ok("1"), "Cookie: __Host-a=1"),
			cookie(ok("1"), "Cookie: x=\"; __Host-a=1; y=é"),
			cookie(ok("1"), "Cookie: b=2", "cookie: __Host-a=1"),
			cookie(ok("a=b"), "Cookie: __Host-a=a=b"),
			cookie(ok("%31"), "Cookie: __Host-a=%31"),
			cookie(none, "Cookie: __host-a=1"),
			cookie(none, "Cookie: %5F_Host-a=1"),
			cookie(none, "Cookie: __Host-a=\"1\""),
			cookie(none, "Cookie: __Host-a=\xff"),
			cookie(none, "Cookie: __Host-a=é"),
			cookie(none, "Cookie: __Host-a =1"),
			cookie(none, "Cookie: __Host-a= 1"),
			cookie(none, "Cookie: __Host-a=1, __Host-b=2"),
			cookie(twice, "Cookie: __Host-a=1; __Host-a=2"),
			cookie(twice, "Cookie: __Host-a=1; __Host-a=1"),
			cookie(twice, "Cookie: __Host-a=1", "Cookie: __Host-a=2"),
			cookie(twice, "Cookie: __Host-a=", "Cookie: b=1; __Host-a=2"),
		}},
		{rule: "C01 C02 C08 C10 a request from another origin is told by its head", rows: origins()},
	}
}

func origins() []row {
	post := func(w want, header ...string) row {
		return row{send: strings.Join(append([]string{"POST /auth/same-origin"}, header...), "\n"), want: w}
	}
	same, refused := ok("same"), detail(403, core.CodeCrossOriginRefused)
	return []row{
		post(same),
		post(same, "Sec-Fetch-Site: same-origin"),
		post(same, "sec-fetch-site: none"),
		post(refused, "Sec-Fetch-Site: cross-site"),
		post(refused, "Sec-Fetch-Site: same-site"),
		post(refused, "Sec-Fetch-Site: Same-Origin"),
		post(refused, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
		post(refused, "Sec-Fetch-Site: same-origin, cross-site"),
		post(same, "Sec_Fetch_Site: cross-site"),
		post(same, "Origin: https://app.example"),
		post(same, "Origin: http://app.example"),
		post(same, "Host: app.example:8443", "Origin: https://app.example:8443"),
		post(same, "Origin: https://sibling.example", "Sec-Fetch-Site: same-site"),
		post(refused, "Origin: https://app.example:8443"),
		post(refused, "Host: app.example:8443", "Origin: https://app.example"),
		post(refused, "Origin: https://evil-app.example"),
		post(refused, "Origin: https://app.example.evil.example"),
		post(refused, "Origin: https://sub.app.example"),
		post(refused, "Origin: https://APP.example"),
		post(refused, "Origin: null"),
		post(refused, "Origin: app.example"),
		post(refused, "Origin: https://evil.example", "X-Forwarded-Host: evil.example"),
		post(refused, "oRIGIN: https://app.example", "Origin: https://evil.example"),
		post(refused, "Origin: https://app.example", "Origin: https://app.example"),
		post(refused, "Origin: https://evil.example", "Content-Type: text/plain"),
		post(same, "Referer: https://evil.example/"),
	}
}
