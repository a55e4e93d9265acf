package pages

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// site are the pages of one backend.
type site struct {
	*Flow
	svc *core.Services
}

// handler answers one request to a page.
type handler func(ctx context.Context, v *visit) (*core.Response, error)

// need is who may see a page.
type need int

const (
	anyone need = iota // and who is logged in is known
	loggedIn
	allowed // logged in, and allowed to use their account
	secure  // and has proved just now who they are
	foreign // a post that comes from another site
	static  // the same for everybody
)

// routes are all pages. One whose API routes the application lacks answers with
// 404, as New has not returned yet when they are made.
func (s *site) routes() []core.Route {
	list := []core.Route{
		s.page("login_form", "GET /login", anyone, s.loginForm),
		s.page("login", "POST /login", anyone, s.login),
		s.page("factor_form", "GET /login/factor", anyone, s.factorForm),
		s.page("factor", "POST /login/factor", anyone, s.factor),
		s.page("enrol_form", "GET /login/enrol", anyone, s.toFactor),
		s.page("enrol", "POST /login/enrol", anyone, s.enrol),
		s.page("enrol_confirm_form", "GET /login/enrol/confirm", anyone, s.toFactor),
		s.page("enrol_confirm", "POST /login/enrol/confirm", anyone, s.enrolConfirm),
		s.page("mail_login_form", "GET /login/mail", anyone, s.mailLoginForm),
		s.page("mail_login", "POST /login/mail", anyone, s.mailLogin),
		s.page("mail_confirm_form", "GET /login/mail/confirm", anyone, s.mailLoginForm),
		s.page("mail_confirm", "POST /login/mail/confirm", anyone, s.mailLoginConfirm),
		s.page("done", "GET /login/done", anyone, s.done),
		s.page("begin", "GET /login/{provider}", anyone, s.begin),
		s.page("callback", "GET /login/{provider}/callback", anyone, s.callback),
		s.page("callback_post", "POST /login/{provider}/callback", foreign, s.callbackPost),
		s.page("link", "GET /login/{provider}/link", loggedIn, s.link),
		s.page("link_callback", "GET /login/{provider}/link/callback", anyone, s.linkCallback),
		s.page("link_callback_post", "POST /login/{provider}/link/callback", foreign, s.linkCallbackPost),
		s.page("register_form", "GET /register", anyone, s.registerForm),
		s.page("register", "POST /register", anyone, s.register),
		s.page("forgot_form", "GET /forgot", anyone, s.forgotForm),
		s.page("forgot", "POST /forgot", anyone, s.forgot),
		s.page("reset_form", "GET /reset", anyone, s.resetForm),
		s.page("reset", "POST /reset", anyone, s.reset),
		s.page("verify_form", "GET /verify", anyone, s.verifyForm),
		s.page("verify", "POST /verify", anyone, s.verify),
		s.page("email_confirm_form", "GET "+confirmPage, anyone, s.emailForm(confirmStep)),
		s.page("email_confirm", "POST "+confirmPage, anyone, s.takeEmail(confirmStep)),
		s.page("email_undo_form", "GET "+undoPage, anyone, s.emailForm(undoStep)),
		s.page("email_undo", "POST "+undoPage, anyone, s.takeEmail(undoStep)),
		s.page("leaving_undo_form", "GET "+leavingPage, anyone, s.emailForm(keepStep)),
		s.page("leaving_undo", "POST "+leavingPage, anyone, s.takeEmail(keepStep)),
		s.page("logout_form", "GET /logout", anyone, s.logoutForm),
		s.page("logout", "POST /logout", anyone, s.logout),
		s.page("language", "POST /language", anyone, s.setLanguage),
		s.page("acting_end_form", "GET /acting/end", loggedIn, s.toAccount("")),
		s.page("acting_end", "POST /acting/end", loggedIn, s.endActing),
		s.page("asset", "GET /latchkey/{file}", static, s.asset),
	}
	return slices.Concat(list, s.accountRoutes(), s.proofRoutes(), s.adminRoutes(), s.trustPages(), s.keyRoutes(),
		s.deviceRoutes())
}

// accountRoutes are the account page and what it leads to.
func (s *site) accountRoutes() []core.Route {
	return []core.Route{
		s.page("account", "GET /account", allowed, s.account),
		s.page("profile_form", "GET /account/profile", loggedIn, s.toAccount("profile")),
		s.page("profile", "POST /account/profile", loggedIn, s.profile),
		s.page("username_form", "GET /account/username", loggedIn, s.toAccount("username")),
		s.page("username", "POST /account/username", loggedIn, s.username),
		s.page("email_form", "GET /account/email", loggedIn, s.toAccount("email")),
		s.page("email", "POST /account/email", loggedIn, s.email),
		s.page("leave_form", "GET /account/delete", loggedIn, s.leaveForm),
		s.page("leave", "POST /account/delete", loggedIn, s.leaves),
		s.page("export_form", "GET /account/export", loggedIn, s.toAccount("export-title")),
		s.page("export", "POST /account/export", loggedIn, s.export),
		s.page("password_form", "GET /account/password", loggedIn, s.toAccount("password")),
		s.page("password", "POST /account/password", loggedIn, s.password),
		s.page("sessions_form", "GET /account/sessions", loggedIn, s.toAccount("sessions")),
		s.page("sessions", "POST /account/sessions", loggedIn, s.endOthers),
		s.page("session", "POST /account/sessions/{id}", loggedIn, s.endSession),
		s.page("unlink", "POST /account/providers/{provider}", loggedIn, s.unlink),
		s.page("totp_form", "GET /account/totp", loggedIn, s.toTOTP),
		s.page("totp", "POST /account/totp", loggedIn, s.totp),
		s.page("totp_confirm_form", "GET /account/totp/confirm", loggedIn, s.toTOTP),
		s.page("totp_confirm", "POST /account/totp/confirm", loggedIn, s.totpConfirm),
	}
}

// proofRoutes are the pages of step-ups and passkeys, and of what is kept of
// factors.
func (s *site) proofRoutes() []core.Route {
	return []core.Route{
		s.scripted("factor_options", "POST /login/factor/options", anyone, s.optionsOfMethod("login")),
		s.page("enrol_passkey_form", "GET /login/enrol/passkey", anyone, s.toFactor),
		s.page("enrol_passkey", "POST /login/enrol/passkey", anyone, s.enrolPasskey),
		s.scripted("enrol_passkey_options", "POST /login/enrol/passkey/options", anyone, s.optionsOf("enrol_begin")),
		s.page("passkey_form", "GET /login/passkey", anyone, s.toLoginForm),
		s.page("passkey", "POST /login/passkey", anyone, s.passkeyLogin),
		s.scripted("passkey_options", "POST /login/passkey/options", anyone, s.optionsOf("first_options")),
		s.page("prove_form", "GET /prove", loggedIn, s.proveForm),
		s.page("prove", "POST /prove", loggedIn, s.prove),
		s.scripted("prove_options", "POST /prove/options", loggedIn, s.optionsOfMethod("prove")),
		s.page("passkeys_form", "GET /account/passkeys", secure, s.passkeysForm),
		s.page("passkeys", "POST /account/passkeys", loggedIn, s.passkeys),
		s.scripted("passkeys_options", "POST /account/passkeys/options", loggedIn, s.passkeysOptions),
		s.page("second_form", "GET /account/second-factor", loggedIn, s.toAccount("factors")),
		s.page("second", "POST /account/second-factor", loggedIn, s.second),
		s.page("rename_form", "GET /account/factors/{id}", secure, s.renameForm),
		s.page("rename_again", "GET /account/factors/{id}/name", loggedIn, s.toAccount("factors")),
		s.page("rename", "POST /account/factors/{id}/name", loggedIn, s.rename),
		s.page("codes_form", "GET /account/recovery-codes", allowed, s.codesForm),
		s.page("codes", "POST /account/recovery-codes", loggedIn, s.codes),
		s.page("factor_remove", "POST /account/factors/{id}", loggedIn, s.removeFactor),
	}
}

// adminRoutes are the pages of administrators, if there are any.
func (s *site) adminRoutes() []core.Route {
	if !s.opts.Admin {
		return nil
	}
	return []core.Route{
		s.page("admin_users", "GET /admin/users", loggedIn, s.adminUsers),
		s.page("admin_user", "GET /admin/users/{id}", loggedIn, s.adminUser),
		s.page("admin_save", "POST /admin/users/{id}", loggedIn, s.adminSave),
		s.page("admin_suspend_form", "GET /admin/users/{id}/suspend", loggedIn, s.toUser),
		s.page("admin_suspend", "POST /admin/users/{id}/suspend", loggedIn, s.adminSuspend),
		s.page("admin_reinstate", "POST /admin/users/{id}/reinstate", loggedIn, s.adminReinstate),
		s.page("admin_act", "POST /admin/users/{id}/act", loggedIn, s.adminAct),
		s.page("admin_reset", "POST /admin/users/{id}/reset-password", loggedIn, s.adminReset),
		s.page("admin_sessions", "POST /admin/users/{id}/sessions", loggedIn, s.adminEndSessions),
		s.page("admin_session", "POST /admin/users/{id}/sessions/{session}", loggedIn, s.adminEndSession),
		s.page("admin_delete_form", "GET /admin/users/{id}/delete", loggedIn, s.adminDeleteForm),
		s.page("admin_delete", "POST /admin/users/{id}/delete", loggedIn, s.adminDelete),
		s.page("admin_audit", "GET /admin/audit", loggedIn, s.adminAudit),
	}
}

// page makes the route of a page at "METHOD pattern".
func (s *site) page(name, at string, n need, handle handler) core.Route {
	method, pattern, _ := strings.Cut(at, " ")
	via := []core.Guard{core.Via(s.svc.Backend.Name)}
	if n == allowed || n == secure {
		via = append(slices.Clone(s.svc.Env.AccountGuards), via...)
	}
	if n == secure {
		via = append(via, s.svc.Security.Secure())
	}
	return core.Route{
		Name: "pages:" + s.svc.Backend.Name + "." + name, Method: method, Pattern: pattern,
		Public: n == anyone || n == foreign || n == static, Optional: n == anyone, CrossSite: n == foreign, Guards: via,
		Doc: core.Doc{Status: http.StatusOK, Hidden: true},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			ctx, v := s.visit(ctx, r, pattern)
			return handle(ctx, v)
		},
		Fail: func(ctx context.Context, r *core.Request, resp *core.Response) *core.Response {
			ctx, v := s.visit(ctx, r, pattern)
			return v.fail(ctx, resp)
		},
	}
}

// has reports whether the application has a route.
func (s *site) has(route string) bool {
	e, ok := s.svc.Pages.Route(route)
	return ok && !e.Doc.Hidden
}

// of is the name of a route of the site's own backend.
func (s *site) of(method, route string) string {
	return method + ":" + s.svc.Backend.Name + "." + route
}
