// Package harness runs an application under test for the packages routes and
// attacks. A test is a function for an application, at every adapter or store:
//
//	func TestLogout(t *testing.T) {
//		check := func(t *testing.T, a *harness.App) {
//			mine := a.LogIn(t, "cookie", a.NewUser(t))
//			a.Want(t, "POST /auth/cookie/logout 204", mine)
//			a.Want(t, "GET /users/me 401 (logged out)", mine)
//		}
//		harness.OnEveryAdapter(t, nil, check)
//	}
//
// The files, in the order in which a reader meets them:
//
//	want.go      Want sends a request and checks the answer
//	request.go   options: what a request has
//	answer.go    what an answer says, and more checks of it
//	app.go       the application, its options and backends
//	users.go     its users, their logins, what is kept of them
//	places.go    adapters and stores on which a test runs
//	mail.go      its mails and their tokens
//	oauth.go     two providers that answer as a test says
//	factor.go    a second factor
//	renewing.go  backends with refresh tokens
//	sessions.go  the list of sessions
//	fakes.go     its hasher
//	stores.go    its stores, which a test can break
//	record.go    what a test notes: calls, a log, a moment in a request
//	adapters.go  the five routers
//	send.go      requests without a check
//	document.go  the OpenAPI document, which all answers are checked by
package harness
