// Package routes tests the HTTP contract route by route and code by code. A
// subtest's name is the row that it checks: method, path, status, what the
// error says, and a note in parentheses. A note that begins with "mended" marks
// where the contract corrects FastAPI Users. See harness.App.Want.
//
//	go test ./contract/routes -run 'TestRegister'
//	go test ./contract/routes -run '//POST_/auth/register'
//
// The files, by route; {backend} is jwt, cookie or session:
//
//	login_test.go     POST /auth/{backend}/login
//	logout_test.go    POST /auth/{backend}/logout
//	register_test.go  POST /auth/register
//	verify_test.go    POST /auth/verify
//	reset_test.go     POST /auth/reset-password,
//	                  POST /auth/forgot-password,
//	                  POST /auth/request-verify-token
//	me_test.go        GET /users/me, PATCH /users/me, and
//	                  GET /authenticated-route of the application
//	me_stale_test.go  PATCH /users/me in a login that is not recent
//	email_test.go     POST /auth/email/confirm, POST /auth/email/undo,
//	                  DELETE /users/me
//	leaving_test.go   DELETE /users/me where it can be undone,
//	                  POST /leaving/undo, POST /users/me/export
//	admin_test.go     GET /users/{id}, PATCH /users/{id},
//	                  DELETE /users/{id}
//	suspend_test.go   POST /users/{id}/suspend,
//	                  DELETE /users/{id}/suspend
//	impersonation_test.go
//	                  POST /auth/{backend}/impersonate,
//	                  POST /auth/{backend}/impersonate/end
//	oversee_test.go   POST /users/{id}/reset-password,
//	                  GET /users/{id}/sessions,
//	                  DELETE /users/{id}/sessions,
//	                  DELETE /users/{id}/sessions/{session}
//	list_test.go      GET /users
//	refresh_test.go   POST /auth/{backend}/refresh and /revoke, of
//	                  mobile and spa, whose logins are renewed
//	sessions_test.go  GET /auth/sessions, DELETE /auth/sessions/{id},
//	                  DELETE /auth/sessions
//	keys_test.go      GET /auth/jwks.json
//	audit_test.go     GET /auth/audit, GET /auth/audit/me
//	audit_session_test.go
//	                  the session of a login in GET /auth/audit/me
//	apikeys_test.go   GET and POST /auth/api-keys, and POST
//	                  /auth/api-keys/{id}/rotate and DELETE of one
//	factors_test.go   POST /auth/{backend}/login/pending,
//	                  POST /auth/{backend}/prove/…, /totp/…, /recovery,
//	                  /recovery-codes and /login/totp/…,
//	                  GET /auth/factors, and PATCH and DELETE of one
//	trusted_test.go   POST /auth/cookie/trusted-devices
//	passkey_test.go   POST /auth/{backend}/login/passkey, /passkey,
//	                  /prove/passkey, /passkeys and /login/passkeys, each
//	                  with its /options, GET and PUT /auth/second-factor
//	mail_login_test.go
//	                  POST /auth/{backend}/mail-login, its /link,
//	                  /mail and /prove/mail, each with its /confirm
//	device_test.go    POST /auth/{backend}/device/authorize, /token,
//	                  /claim, /approve and /deny
//	device_client_test.go
//	                  the same by a client of golang.org/x/oauth2
//	oauth_routes_test.go
//	                  authorize and callback of a provider, the exchange,
//	                  the links of a user
//	oauth_test.go     GET /auth/accounts, over a FastAPI Users database
//
// and by what holds of many routes:
//
//	addresses_test.go    e-mail addresses, charsets, verified users
//	below_test.go        below the prefixes of routers and proxies
//	credentials_test.go  headers, cookies and bodies as they arrive
//	defaults_test.go     lifetimes, cookies, claims and hashes by default
//	fastapi_test.go      users and tokens of a FastAPI Users service
//	fastapi_client_test.go
//	                     what differs from FastAPI Users on purpose
//	forms_test.go        HTML forms, and where they lead
//	faults_test.go       an unreachable store, hashing at its limit
//	limits_test.go       429
//	main_test.go         every status that the OpenAPI document has
//	oauth_identity_test.go
//	                     who logs in at a provider, for hooks
//	oauth_options_test.go
//	                     native applications, cookies, scopes
//	own_schema_test.go   what the application's own constraints refuse
//	password_forms_test.go
//	                     one password from different keyboards
//	rules_test.go        names, HEAD, 307, 404 and 405
//	scopes_test.go       credentials of few scopes
package routes
