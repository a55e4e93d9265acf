package adaptertest

import (
	"fmt"
	"net/netip"
	"strings"
)

// lines returns a row that asks which header lines of a name the adapter
// delivers, and expects want.
func lines(name, want string, header ...string) row {
	return row{send: "GET /auth/lines/" + name + "\n" + strings.Join(header, "\n"), want: ok(want)}
}

// credentials returns the rules about the lines that core takes credentials
// from.
func credentials() []section {
	authorization := func(want string, header ...string) row { return lines("Authorization", want, header...) }
	cookie := func(want string, header ...string) row { return lines("Cookie", want, header...) }
	long := func(n int) row {
		line := "Bearer " + strings.Repeat("t", n)
		r := authorization(fmt.Sprintf("[%q]", line), "Authorization: "+line)
		r.want = r.want.or431()
		return r
	}
	return []section{
		{rule: "P10 every Authorization line is delivered, in order, as it was sent", head: true, rows: []row{
			authorization(`["Bearer a"]`, "Authorization: Bearer a"),
			authorization(`["Bearer a" "Bearer b"]`, "Authorization: Bearer a", "Authorization: Bearer b"),
			authorization(`["Bearer b" "Bearer a"]`, "Authorization: Bearer b", "Authorization: Bearer a"),
			authorization(`["Bearer a" "Bearer a"]`, "Authorization: Bearer a", "Authorization: Bearer a"),
			authorization(`["Bearer a" "Basic b"]`, "Authorization: Bearer a", "Accept: */*", "Authorization: Basic b"),
			authorization(`["Bearer a" "Bearer b" "Bearer c"]`, "Authorization: Bearer a", "authorization: Bearer b",
				"AUTHORIZATION: Bearer c"),
			authorization(`["Bearer a, Bearer b"]`, "Authorization: Bearer a, Bearer b"),
			authorization(`["bearer a"]`, "Authorization: bearer a"),
			authorization(`["BEARER a"]`, "Authorization: BEARER a"),
			authorization(`["Bearer  a"]`, "Authorization: Bearer  a"),
			authorization(`["Bearer a b"]`, "Authorization: Bearer a b"),
			authorization(`["Bearer a"]`, "Authorization:Bearer a"),
			authorization(`["Bearer a"]`, "Authorization:   Bearer a  "),
			authorization(`["Bearer"]`, "Authorization: Bearer"),
			authorization(`[""]`, "Authorization:"),
			authorization(`["Bearer \xffé"]`, "Authorization: Bearer \xffé"),
			authorization(`["Bearer a\u00a0\u0085"]`, "Authorization: Bearer a\u00a0\u0085"),
			authorization(`["Bearer %61"]`, "Authorization: Bearer %61"),
			authorization(`[]`, "X-Authorization: Bearer a", "Proxy-Authorization: Bearer b"),
		}},
		{rule: "J17 a token of any length is delivered whole, or the framework answers 431", rows: []row{long(1000), long(8 << 10), long(60 << 10)}},
		{rule: "S10 S11 every Cookie line is delivered, in order, as it was sent", head: true, rows: []row{
			cookie(`["a=1"]`, "Cookie: a=1"),
			cookie(`["a=1; b=2"]`, "Cookie: a=1; b=2"),
			cookie(`["a=1" "b=2"]`, "Cookie: a=1", "Cookie: b=2"),
			cookie(`["b=2" "a=1"]`, "cookie: b=2", "COOKIE: a=1"),
			cookie(`["a=1; a=2"]`, "Cookie: a=1; a=2"),
			cookie(`["a=1" "a=2"]`, "Cookie: a=1", "Cookie: a=2"),
			cookie(`["a=1" "a=1"]`, "Cookie: a=1", "Cookie: a=1"),
			cookie(`["a=\"1\""]`, `Cookie: a="1"`),
			cookie(`["a=\"1"]`, `Cookie: a="1`),
			cookie(`["a=%31%3B"]`, "Cookie: a=%31%3B"),
			cookie(`["%61=1"]`, "Cookie: %61=1"),
			cookie(`["a=\xff; b=é"]`, "Cookie: a=\xff; b=é"),
			cookie(`["__host-a=1; __Host-a=2"]`, "Cookie: __host-a=1; __Host-a=2"),
			cookie(`["a=1;b=2"]`, "Cookie: a=1;b=2"),
			cookie(`["a=1;   b=2"]`, "Cookie: a=1;   b=2"),
			cookie(`["a =1; a= 2"]`, "Cookie: a =1; a= 2"),
			cookie(`["a=1, b=2"]`, "Cookie: a=1, b=2"),
			cookie(`["a=b=c"]`, "Cookie: a=b=c"),
			cookie(`["a"]`, "Cookie: a"),
			cookie(`["\u00a0a=1\u2028"]`, "Cookie: \u00a0a=1\u2028"),
			cookie(`["=a"]`, "Cookie: =a"),
			cookie(`["a=; ;b="]`, "Cookie: a=; ;b="),
			cookie(`["$Version=1; a=1; $Path=/"]`, "Cookie: $Version=1; a=1; $Path=/"),
			cookie(`[]`, "Cookie2: a=1"),
		}},
	}
}

// heads returns the rules about the rest of a request's head.
func heads() []section {
	return []section{
		{rule: "C08 other headers are delivered line by line too, whatever the case of their names", rows: []row{
			lines("Origin", `["https://a.example" "https://b.example"]`, "Origin: https://a.example",
				"Origin: https://b.example"),
			lines("Origin", `["NULL"]`, "oRIGIN: NULL"),
			lines("Sec-Fetch-Site", `["cross-site"]`, "SEC-FETCH-SITE: cross-site"),
			lines("Sec-Fetch-Site", `["same-origin" "cross-site"]`, "sec-fetch-site: same-origin", "Sec-Fetch-Site: cross-site"),
			lines("Content-Type", `["text/plain; charset=x"]`, "content-type: text/plain; charset=x"),
			lines("Content-Type", `["text/plain" "application/json"]`, "Content-Type: text/plain",
				"Content-Type: application/json"),
			lines("User-Agent", `["a/1 (b; c)"]`, "user-agent: a/1 (b; c)"),
			lines("X-None", `[]`),
		}},
		{rule: "A02 an underscore in a header's name is not a dash", rows: []row{
			lines("X-User-Id", `["1"]`, "x-user-id: 1", "X_User_ID: 2"),
			lines("X-User-Id", `[]`, "X_User_ID: 2"),
			lines("Sec-Fetch-Site", `[]`, "Sec_Fetch_Site: same-origin"),
		}},
		{rule: "R05 Host is the Host line, with its port, and nothing that a proxy header says", rows: []row{
			{send: "GET /auth/host", want: ok("app.example")},
			{send: "GET /auth/host\nHost: app.example:8443", want: ok("app.example:8443")},
			{send: "GET /auth/host\nHost: APP.example", want: ok("APP.example")},
			{send: "GET /auth/host\nHost: [2001:db8::1]:80", want: ok("[2001:db8::1]:80")},
			{send: "GET /auth/host\nX-Forwarded-Host: evil.example\nForwarded: host=evil.example\nX-Host: evil.example", want: ok("app.example")},
		}},
	}
}

// peers returns the rules about the address that a request comes from.
func peers() []section {
	return []section{
		{rule: "A10 Remote is the peer's address, without port and zone, IPv4 as IPv4", rows: []row{
			{send: "GET /auth/remote", peer: "192.0.2.7:1", want: ok("192.0.2.7")},
			{send: "GET /auth/remote", peer: "[2001:db8::7]:1", want: ok("2001:db8::7")},
			{send: "GET /auth/remote", peer: "[2001:DB8:0:0::7]:1", want: ok("2001:db8::7")},
			{send: "GET /auth/remote", peer: "[::ffff:192.0.2.7]:1", want: ok("192.0.2.7")},
			{send: "GET /auth/remote", peer: "[::ffff:c000:207]:1", want: ok("192.0.2.7")},
			{send: "GET /auth/remote", peer: "[fe80::7%eth0]:1", want: ok("fe80::7")},
		}},
		{rule: "A11 Remote of a peer without an address is the zero Addr, which is no address of anybody's", rows: []row{
			{send: "GET /auth/remote", peer: noAddress, want: ok(netip.Addr{}.String())},
			{send: "GET /auth/remote\nX-Forwarded-For: 203.0.113.9", peer: noAddress, want: ok(netip.Addr{}.String())},
		}},
		{rule: "Q05 Remote is never what a header says", rows: []row{
			{send: "GET /auth/remote\nX-Forwarded-For: 203.0.113.9", peer: "192.0.2.7:1", want: ok("192.0.2.7")},
			{send: "GET /auth/remote\nX-Real-IP: 203.0.113.9", peer: "192.0.2.7:1", want: ok("192.0.2.7")},
			{send: "GET /auth/remote\nForwarded: for=203.0.113.9", peer: "192.0.2.7:1", want: ok("192.0.2.7")},
			{send: "GET /auth/remote\nTrue-Client-IP: 203.0.113.9\nCF-Connecting-IP: 203.0.113.9", peer: "192.0.2.7:1", want: ok("192.0.2.7")},
			{send: "GET /auth/remote\nX-Forwarded-For: 127.0.0.1", peer: "[2001:db8::7]:1", want: ok("2001:db8::7")},
		}},
	}
}
