package latchkey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// API returns the routes of every flow at their conventional prefixes, to mount
// at once and to document: /auth/<backend> for what is of one backend,
// /auth/<backend>/<provider> and /auth/associate/<provider> for providers,
// /users for the accounts, and /auth for everything else. Pages are left out.
func (a *Auth[U]) API() Group {
	var api Group
	for _, key := range a.order {
		routes := slices.DeleteFunc(slices.Clone(a.groups[key]), func(e core.Endpoint) bool { return e.Doc.Hidden })
		api = append(api, routes.At(key.prefix())...)
	}
	return api
}

func (k groupKey) prefix() string {
	flow, provider, _ := strings.Cut(k.flow, ":")
	switch {
	case flow == "oauth-associate":
		return "/auth/associate/" + provider
	case flow == "oauth":
		return "/auth/" + k.backend + "/" + provider
	case k.backend != "":
		return "/auth/" + k.backend
	case flow == "users":
		return "/users"
	}
	return "/auth"
}

// Flow returns the routes of a flow, for the one backend that is named if it is
// made once per backend. It panics, at set-up, if there is no such flow or
// backend, if the flow has no routes for such a backend, or if more than one is
// named.
func (a *Auth[U]) Flow(name string, backend ...string) Group {
	key := groupKey{flow: name}
	switch len(backend) {
	case 0:
	case 1:
		key.backend = backend[0]
	default:
		panic(fmt.Sprintf("latchkey: Flow(%q) returns the routes of one backend, not of %q: call it once for each", name, backend))
	}
	g, ok := a.groups[key]
	if !ok {
		panic(fmt.Sprintf("latchkey: there is no flow %q for backend %q: is it in Options.Flows, and the backend in Options.Backends, and one that the flow's package has routes for?", name, key.backend))
	}
	return g
}

// Login returns POST /login and POST /logout of a backend.
func (a *Auth[U]) Login(backend string) Group { return a.Flow("login", backend) }

// Factors returns what a backend's logins may lack: POST /login/pending and
// POST /prove/password, and the routes of every flow in Options.Flows that is a
// core.Factor, such as POST /totp, or spares one, as POST /trusted-devices. It
// belongs at the prefix of Login.
func (a *Auth[U]) Factors(backend string) Group {
	group := slices.Clone(a.Flow("prove", backend))
	for _, f := range a.factors {
		group = append(group, a.groups[groupKey{f, backend}]...) // none where it has no routes there
	}
	return group
}

// Account returns what the current user has at the application beside their
// profile: GET /factors, PATCH and DELETE /factors/{id}, where a flow keeps
// credentials; POST /email/confirm and /email/undo of emailchange.Flow; POST
// /leaving/undo of leaving.Flow. It belongs at the prefix of Register.
func (a *Auth[U]) Account() (group Group) {
	for _, flow := range []string{"factors", core.MailEmailChange, core.MailLeaving} {
		group = append(group, a.groups[groupKey{flow: flow}]...)
	}
	return group
}

// Register returns POST /register.
func (a *Auth[U]) Register() Group { return a.Flow("register") }

// Verify returns POST /request-verify-token and POST /verify. It needs
// verify.Flow in Options.Flows.
func (a *Auth[U]) Verify() Group { return a.Flow("verify") }

// Reset returns POST /forgot-password and POST /reset-password. It needs
// reset.Flow in Options.Flows.
func (a *Auth[U]) Reset() Group { return a.Flow("reset") }

// MailLogin returns the logins by mail of a backend: POST /mail-login and POST
// /mail-login/confirm, and as a second factor and a step-up POST /mail, POST
// /prove/mail and their /confirm. It needs maillogin.Flow in Options.Flows.
// Factors has them too.
func (a *Auth[U]) MailLogin(backend string) Group { return a.Flow("mail-login", backend) }

// Users returns the current user's account at /me and, for superusers, /{id}
// and the list at the group's root.
func (a *Auth[U]) Users() Group { return a.Flow("users") }

// Sessions returns the current user's logins: GET /sessions, DELETE
// /sessions/{id} and DELETE /sessions.
func (a *Auth[U]) Sessions() Group { return a.Flow("sessions") }

// Audit returns the audit log: GET /audit for superusers and, with
// audit.Flow's Own, GET /audit/me. It needs audit.Flow with a Store in
// Options.Flows.
func (a *Auth[U]) Audit() Group { return a.Flow("audit") }

// Impersonation returns POST /impersonate and POST /impersonate/end of a
// backend. It needs impersonation.Flow in Options.Flows, and belongs at the
// prefix of Login.
func (a *Auth[U]) Impersonation(backend string) Group { return a.Flow("impersonation", backend) }

// Device returns the login of devices without a browser: POST /device/claim,
// /device/approve and /device/deny, by which a person lets one in, and at a
// backend whose token browsers do not send by themselves POST /device/authorize
// and /device/token, by which a device logs in there. It needs devicegrant.Flow
// in Options.Flows, and belongs at the prefix of Login.
func (a *Auth[U]) Device(backend string) Group { return a.Flow("device", backend) }

// Keys returns GET /jwks.json.
func (a *Auth[U]) Keys() Group { return a.Flow("keys") }

// OAuth returns GET /authorize and GET and POST /callback of a provider for a
// backend. It needs oauth.Flows in Options.Flows.
func (a *Auth[U]) OAuth(provider, backend string) Group { return a.Flow("oauth:"+provider, backend) }

// Exchange returns POST /exchange of a backend, where the one-time code of an
// OAuth login that began with redirect_to becomes a login.
func (a *Auth[U]) Exchange(backend string) Group { return a.Flow("exchange", backend) }

// Associate returns GET /authorize, GET and POST /callback, and DELETE at the
// group's root, by which users link and unlink their account at a provider.
func (a *Auth[U]) Associate(provider string) Group { return a.Flow("oauth-associate:" + provider) }

// Pages returns the HTML pages of a backend whose token browsers send by
// themselves, such as a cookie, and keep until it expires: pages renew nothing
// by a refresh token, so Pages panics for a backend that has those. It needs
// the flow of package pages in Options.Flows. They belong at the prefix that
// the links in mails have (see pages.Links).
func (a *Auth[U]) Pages(backend string) Group { return a.Flow("pages", backend) }

// APIKeys returns GET and POST /api-keys, POST /api-keys/{id}/rotate and DELETE
// /api-keys/{id}, by which users manage their API keys. It needs the flow of an
// apikey.Strategy in Options.Flows, and belongs at the prefix of Register.
func (a *Auth[U]) APIKeys() Group { return a.Flow("api-keys") }

// Accounts returns GET /accounts, the current user's accounts at providers.
func (a *Auth[U]) Accounts() Group { return a.Flow("accounts") }
