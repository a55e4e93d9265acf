package adaptertest

// paths returns the rules about which path reaches which route.
func paths() []section {
	return []section{
		{rule: "a route answers at the prefix and its pattern, for its method; groups may share a prefix", head: true, rows: []row{
			{send: "POST /auth/login", want: ok("login")},
			{send: "POST /auth/logout", want: ok("logout")},
			{send: "GET /users/me", want: ok("me")},
			{send: "GET /users/me?id=7", want: ok("me")},
			{send: "PATCH /users/me", want: ok("patch me")},
			{send: "PATCH /users/7", want: ok(`patch user "7"`)},
			{send: "DELETE /users/7", want: ok(`delete user "7"`)},
			{send: "GET /users/7/keys/8", want: ok(`key "7" "8"`)},
			{send: "GET /jwks.json", want: ok("keys")},
			{send: "GET /auth/host", want: ok("app.example")},
			{send: "GET /auth/answer/200-list", want: ok("[]")},
		}},
		{rule: "a group's root answers at its prefix with and without a slash, without a redirect", head: true, rows: []row{
			{send: "GET /users", want: ok("users")},
			{send: "GET /users/", want: ok("users")},
			{send: "GET /users?limit=5", want: ok("users")},
			{send: "GET /users/?limit=5", want: ok("users")},
			{send: "GET /", want: ok("root")},
			{send: "GET /?x", want: ok("root")},
			{send: "DELETE /auth/associate/acme", want: ok("associate.remove")},
			{send: "DELETE /auth/associate/acme/", want: ok("associate.remove")},
		}},
		{rule: "a root is not a subtree, and a group answers at its patterns only", rows: []row{
			{send: "GET /users/x/y", want: notFound()},
			{send: "GET /users/me/x", want: notFound()},
			{send: "GET /users/7/keys", want: notFound()},
			{send: "GET /users/7/keys/8/9", want: notFound()},
			{send: "POST /users/7/keys/8/9", want: notFound()},
			{send: "GET /userss", want: notFound()},
			{send: "GET /user", want: notFound()},
			{send: "GET /me", want: notFound()},
			{send: "GET /nothing", want: notFound()},
			{send: "HEAD /nothing", want: notFound()},
			{send: "GET /auth", want: notFound()},
			{send: "POST /auth/", want: notFound()},
			{send: "GET /auth/users/me", want: notFound()},
			{send: "DELETE /auth/associate/acme/x", want: notFound()},
			{send: "DELETE /auth/associate", want: notFound()},
		}},
		{rule: "/me is matched before /{id}, method by method", head: true, rows: []row{
			{send: "GET /users/me", want: ok("me")},
			{send: "DELETE /users/me", want: ok(`delete user "me"`)},
			{send: "GET /users/men", want: ok(`user "men"`)},
			{send: "GET /users/m", want: ok(`user "m"`)},
			{send: "GET /users/me/keys/8", want: ok(`key "me" "8"`)},
			{send: "GET /users/me%20", want: ok(`user "me "`)},
		}},
	}
}

// methods returns the rules about methods, and about what is checked first.
func methods() []section {
	return []section{
		{rule: "the method is the request's, HEAD as well", rows: []row{
			{send: "GET /auth/method", want: replies(204, "", "X-Method: GET")},
			{send: "HEAD /auth/method", want: replies(204, "", "X-Method: HEAD")},
		}},
		{rule: "P13 a wrong method is 405 with Allow, and no route runs", rows: []row{
			{send: "POST /users/me", want: notAllowed("GET")},
			{send: "PUT /users/me", want: notAllowed("GET")},
			{send: "DELETE /users", want: notAllowed("GET")},
			{send: "PATCH /users/", want: notAllowed("GET")},
			{send: "POST /users/7", want: notAllowed("GET", "PATCH", "DELETE")},
			{send: "GET /auth/login", want: notAllowed("POST")},
			{send: "HEAD /auth/login", want: notAllowed("POST")},
			{send: "OPTIONS /auth/login", want: notAllowed("POST")},
			{send: "TRACE /auth/login", want: notAllowed("POST")},
			{send: "OPTIONS /users/me", want: notAllowed("GET")},
			{send: "OPTIONS /users/7/keys/8", want: notAllowed("GET")},
			{send: "OPTIONS /users/", want: notAllowed("GET")},
			{send: "OPTIONS /users/me\nOrigin: https://app.example\nAccess-Control-Request-Method: GET", want: notAllowed("GET")},
			{send: "POST /auth/acme/authorize", want: notAllowed("GET")},
			{send: "PUT /auth/acme/callback", want: notAllowed("GET", "POST")},
			{send: "POST /auth/associate/acme/authorize", want: notAllowed("GET")},
			{send: "DELETE /auth/associate/acme/callback", want: notAllowed("GET", "POST")},
			{send: "GET /auth/exchange", want: notAllowed("POST")},
			{send: "PATCH /auth/sessions", want: notAllowed("GET", "DELETE")},
			{send: "GET /auth/sessions/7", want: notAllowed("DELETE")},
			{send: "TRACE /users/me", want: notAllowed("GET")},
			{send: "GET /auth/associate/acme", want: notAllowed("DELETE")},
			{send: "GET /auth/associate/acme/", want: notAllowed("DELETE")},
			{send: "POST /users/me?_method=DELETE", want: notAllowed("GET")},
			{send: "POST /users/me\nX-HTTP-Method-Override: PATCH", want: notAllowed("GET")},
			{send: "POST /users/me\nX-HTTP-Method: PATCH\nX-Method-Override: PATCH", want: notAllowed("GET")},
			{send: "POST /users/me\nContent-Type: application/x-www-form-urlencoded", body: "_method=PATCH", want: notAllowed("GET")},
		}},
		{rule: "401 comes before 404 where a route looks for something, and nowhere else", head: true, rows: []row{
			{send: "GET /users/none", want: detail(401, "Unauthorized", "Www-Authenticate: Bearer")},
			{send: "GET /users/none\nAuthorization: Bearer ada", want: detail(404, "Not Found")},
			{send: "PATCH /users/none", want: detail(401, "Unauthorized")},
			{send: "DELETE /users/none\nAuthorization: Bearer ada", want: detail(404, "Not Found")},
		}},
	}
}

// parameters returns the rules about path parameters.
func parameters() []section {
	return []section{
		{rule: "a path parameter is one segment as it was sent, percent-decoded exactly once", head: true, rows: []row{
			{send: "GET /users/42", want: ok(`user "42"`)},
			{send: "GET /users/1b4e28ba-2fa1-11d2-883f-0016d3cca427", want: ok(`user "1b4e28ba-2fa1-11d2-883f-0016d3cca427"`)},
			{send: "GET /users/a%20b", want: ok(`user "a b"`)},
			{send: "GET /users/a+b", want: ok(`user "a+b"`)},
			{send: "GET /users/a%2Bb", want: ok(`user "a+b"`)},
			{send: "GET /users/%C3%A9", want: ok(`user "é"`)},
			{send: "GET /users/é", want: ok(`user "é"`)},
			{send: "GET /users/a%20b/keys/%40", want: ok(`key "a b" "@"`)},
			{send: "GET /users/100%25", want: ok(`user "100%"`)},
			{send: "GET /users/%2541", want: ok(`user "%41"`)},
			{send: "GET /users/%252F", want: ok(`user "%2F"`)},
			{send: "GET /users/%C3%A9%2542", want: ok(`user "é%42"`)},
			{send: "GET /users/%c3%a9", want: ok(`user "é"`)},
			{send: "GET /users/ada%40app.example", want: ok(`user "ada@app.example"`)},
			{send: "GET /users/a%5Cb", want: ok(`user "a\\b"`)},
			{send: "GET /users/a%00b", want: ok(`user "a\x00b"`)},
			{send: "GET /users/%FF", want: ok(`user "\xff"`)},
			{send: "GET /users/a%3Fb", want: ok(`user "a?b"`)},
			{send: "GET /users/a%23b", want: ok(`user "a#b"`)},
			{send: "GET /users/a;b=c", want: ok(`user "a;b=c"`)},
			{send: "GET /users/a:b@c&d=e,f", want: ok(`user "a:b@c&d=e,f"`)},
			{send: "GET /users/{id}", want: ok(`user "{id}"`)},
			{send: "GET /users/*", want: ok(`user "*"`)},
			{send: "GET /users/.a", want: ok(`user ".a"`)},
			{send: "GET /users/a.b..c", want: ok(`user "a.b..c"`)},
			{send: "GET /users/...", want: ok(`user "..."`)},
			{send: "GET /users/a.json", want: ok(`user "a.json"`)},
		}},
		{rule: "Path is decoded, and has every prefix", rows: []row{
			{send: "GET /auth/path/a", want: ok("/auth/path/a")},
			{send: "GET /auth/path/a%20b?x=1", want: ok("/auth/path/a b")},
			{send: "GET /auth/path/%40", want: ok("/auth/path/@")},
		}},
	}
}

// queries returns the rules about query strings.
func queries() []section {
	return []section{
		{rule: "Query holds what net/url makes of the raw query: repeated names, and nothing of a malformed pair", head: true, rows: []row{
			{send: "GET /auth/query", want: ok(`map[]`)},
			{send: "GET /auth/query?", want: ok(`map[]`)},
			{send: "GET /auth/query?a=1&b=2", want: ok(`map["a":["1"] "b":["2"]]`)},
			{send: "GET /auth/query?a=1&a=2&a=1", want: ok(`map["a":["1" "2" "1"]]`)},
			{send: "GET /auth/query?a=&b", want: ok(`map["a":[""] "b":[""]]`)},
			{send: "GET /auth/query?a=b=c", want: ok(`map["a":["b=c"]]`)},
			{send: "GET /auth/query?a=x+y%20z%2Bw", want: ok(`map["a":["x y z+w"]]`)},
			{send: "GET /auth/query?%61=%26%3D", want: ok(`map["a":["&="]]`)},
			{send: "GET /auth/query?a=%C3%A9%FF", want: ok(`map["a":["é\xff"]]`)},
			{send: "GET /auth/query?a[]=1&a[x]=2", want: ok(`map["a[]":["1"] "a[x]":["2"]]`)},
			{send: "GET /auth/query?A=1&a=2", want: ok(`map["A":["1"] "a":["2"]]`)},
			{send: "GET /auth/query?a=%zz&b=1", want: ok(`map["b":["1"]]`)},
			{send: "GET /auth/query?a=1;b=2&c=3", want: ok(`map["c":["3"]]`)},
		}},
	}
}
