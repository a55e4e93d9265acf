package adaptertest

import (
	"fmt"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// bodies returns the rules about request bodies.
func bodies() []section {
	echo := func(body string) row { return row{send: "POST /auth/echo", body: body, want: ok(body)} }
	chunked := func(body string, chunks ...string) row {
		var b strings.Builder
		for _, c := range append(chunks, "") {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(c), c)
		}
		return row{send: "POST /auth/echo\nTransfer-Encoding: chunked", body: b.String(), want: ok(body)}
	}
	full := strings.Repeat("f", core.MaxBody)
	tooLong := detail(413, core.CodeBodyTooLarge, "Connection: close")
	refused := func(r row) row { r.want, r.stays = tooLong, true; return r }
	return []section{
		{rule: "a body is delivered byte by byte", rows: []row{
			echo(""),
			{send: "POST /auth/echo\nContent-Length: 0", want: ok("")},
			echo(`{"email":"ada@app.example"}`),
			echo("username=ada%40app.example&password=a+b"),
			echo(" \r\n\t\x00\x01\xff\xfe é"),
			echo("GET /users/me HTTP/1.1\r\nHost: app.example\r\n\r\n"),
			echo(full),
			chunked(""),
			chunked("hello", "hello"),
			chunked("a\r\nb\x00c", "a\r\n", "b\x00", "c"),
			chunked(full, full[:core.MaxBody/2], full[core.MaxBody/2:]),
			{send: "PUT /auth/echo", body: "put", want: ok("put")},
			{send: "POST /auth/echo\nContent-Type: application/x-www-form-urlencoded", body: "a=1&a=2", want: ok("a=1&a=2")},
			{send: "POST /auth/echo\nContent-Type: multipart/form-data; boundary=b", body: "--b\r\n\r\nx\r\n--b--\r\n", want: ok("--b\r\n\r\nx\r\n--b--\r\n")},
			{send: "POST /auth/echo\nContent-Type: text/plain", body: "{", want: ok("{")},
		}},
		{rule: "a route may leave the body unread", rows: []row{
			{send: "POST /auth/unread", body: "unread", want: ok("unread")},
			{send: "DELETE /users/7", body: "unread", want: ok(`delete user "7"`)},
		}},
		{
			rule: "P01 a body that is too long is 413, and the connection is closed",
			rows: []row{
				refused(echo(full + "1")),
				refused(chunked("", full, "1")),
				refused(echo(strings.Repeat("f", 1<<20))),
			},
			extras: []check{{"a body without an end", endlessBody}},
		},
	}
}
