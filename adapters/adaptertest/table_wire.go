package adaptertest

import "strings"

// wires returns the rules about requests that are malformed, or only just
// well-formed.
func wires() []section {
	head := func(lines ...string) string { return strings.Join(append(lines, "Connection: close", "", ""), "\r\n") }
	const get, host = "GET /auth/host HTTP/1.1", "Host: app.example"
	required := func(lines ...string) string {
		return head(append([]string{"GET /required HTTP/1.1", host}, lines...)...)
	}
	echo := func(body string, lines ...string) string {
		return head(append([]string{"POST /auth/echo HTTP/1.1", host}, lines...)...) + body
	}
	unclear := want{status: []int{400, 501}, routers: true}
	cutShort := want{status: []int{400}, anyBody: true} // it may show before the route runs, or while it reads
	return []section{
		{rule: "R05 a request has exactly one Host, and it is one", rows: []row{
			{send: "two Hosts", exact: head(get, host, "Host: second.example"), want: malformed()},
			{send: "the same Host twice", exact: head(get, host, host), want: malformed()},
			{send: "no Host", exact: head(get), want: malformed()},
			{send: "a Host with a space", exact: head(get, "Host: app.example evil.example"), want: malformed()},
			{send: "a Host with a path", exact: head(get, "Host: app.example/evil"), want: malformed()},
			{send: "a Host with a user", exact: head(get, "Host: a@app.example"), want: malformed()},
			{send: "a Host with a quotation mark", exact: head(get, "Host: app\".example"), want: malformed()},
			{send: "a target with a user", exact: head("GET http://app.example@other.example/auth/host HTTP/1.1", host), want: ok("other.example").or400()},
			{send: "a target with a host of its own", exact: head("GET http://other.example/auth/host HTTP/1.1", host), want: ok("other.example")},
			{send: "a target with the same host", exact: head("GET http://app.example/users/me?x HTTP/1.1", host), want: ok("me")},
		}},
		{rule: "A07 what can be read in two ways is refused", rows: []row{
			{send: "a space behind a name", exact: required("Authorization : Bearer ada"), want: malformed()},
			{send: "a line without a name", exact: required(": Bearer ada"), want: malformed()},
			{send: "a line without a colon", exact: required("Authorization Bearer ada"), want: malformed()},
			{send: "a name that is not ASCII", exact: required("Authorizatión: Bearer ada"), want: malformed()},
			{send: "a NUL in a value", exact: required("Authorization: Bearer ada\x00"), want: malformed()},
			{send: "a carriage return in a value", exact: required("Authorization: Bearer a\rda"), want: malformed()},
			{send: "a space in the target", exact: head("GET /users/a b HTTP/1.1", host), want: malformed()},
			{send: "a control character in the target", exact: head("GET /users/a\x01b HTTP/1.1", host), want: malformed()},
			{send: "an escape that is none", exact: head("GET /users/%zz HTTP/1.1", host), want: notFound().or400()},
			{send: "half an escape", exact: head("GET /users/a%2 HTTP/1.1", host), want: notFound().or400()},
			{send: "a target without a slash", exact: head("GET users/me HTTP/1.1", host), want: malformed()},
			{send: "a length with a sign", exact: echo("12345", "Content-Length: +5"), want: malformed()},
			{send: "a length below zero", exact: echo("12345", "Content-Length: -5"), want: malformed()},
			{send: "a hexadecimal length", exact: echo("12345", "Content-Length: 0x5"), want: malformed()},
			{send: "two lengths", exact: echo("12345", "Content-Length: 5", "Content-Length: 1"), want: malformed()},
			{send: "two lengths in a line", exact: echo("12345", "Content-Length: 5, 1"), want: malformed()},
			{send: "an unknown transfer coding", exact: echo("12345", "Transfer-Encoding: xchunked", "Content-Length: 5"), want: unclear},
			{send: "a transfer coding that is none", exact: echo("12345", "Transfer-Encoding: identity", "Content-Length: 5"), want: unclear},
			{send: "two transfer codings", exact: echo("0\r\n\r\n", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), want: unclear},
			{send: "a chunk's length that is none", exact: echo("zz\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), want: cutShort},
			{send: "a chunk that is longer than its length", exact: echo("4\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), want: cutShort},
		}},
		{rule: "A07 what a recipient may accept is read in one way, or refused", rows: []row{
			{send: "a line that ends in a line feed alone", exact: required("X-Any: 1\nAuthorization: Bearer ada"), want: ok("ada").or400()},
			{send: "a space in a name", exact: required("X Authorization: Bearer ada"), want: detail(401, "Unauthorized").or400()},
			{send: "a folded line", exact: required("Authorization: Bearer", " ada"), want: ok("ada").or400()},
			{send: "a length beside chunks", exact: echo("5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 3"), want: ok("hello").or400()},
			{send: "the same length twice", exact: echo("hello", "Content-Length: 5", "Content-Length: 5"), want: ok("hello").or400()},
			{send: "a chunk with an extension", exact: echo("5;a=b\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), want: ok("hello").or400()},
			{send: "chunks with a trailer", exact: echo("5\r\nhello\r\n0\r\nAuthorization: Bearer ada\r\n\r\n", "Transfer-Encoding: chunked", "Trailer: Authorization"), want: ok("hello").or400()},
			{send: "a fragment in the target", exact: head("GET /users/a#b HTTP/1.1", host), want: ok(`user "a#b"`).or400()},
			{send: "chunks in HTTP/1.0", exact: strings.Replace(echo("5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), "1.1", "1.0", 1), want: ok("").or400()},
			{send: "an empty line first", exact: "\r\n" + required("Authorization: Bearer ada"), want: ok("ada").or400()},
		}},
	}
}
