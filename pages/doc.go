// Package pages is the HTML front end of an application's users: log in,
// register, confirm the address, forgotten password, account, and, if it is
// switched on, the administration of users. It is a flow like any other, so
// every adapter mounts it:
//
//	site, err := pages.New(pages.Options{App: "Acme"})
//	flows := pages.Links("", verify.Flow{OnRegister: true}, reset.Flow{})
//	auth, err := latchkey.New(users, latchkey.Options[Account]{
//		Backends: []latchkey.Backend{web},
//		Flows:    append(flows, site),
//		…
//	})
//	httpauth.Mount(mux, "", auth.Pages("web"))
//
// The pages need no JavaScript, but for passkeys, and no build step. They are
// in the language of the browser (English and German are built in), light or
// dark as the device is, and fit a screen of 320 pixels. Colors and sizes are
// variables of CSS; templates can be replaced one by one, or all of them by
// Options.Render.
//
// A page whose routes the application does not have is not there, and nothing
// links to it: without the flow reset nobody is offered a new password.
//
// Security notes. A form that is posted becomes a request to the route that
// clients call, with the browser's own head: one login, one set of limits,
// guards, hooks and codes. A GET changes nothing, and each post passes the
// backend's check of the origin first, so forms carry no token. The policy
// (Content-Security-Policy) has no exception for inline styles or scripts; only
// a page that asks for a passkey may send requests by its script, to its own
// origin. The links of mails carry a one-time token in the query, which the
// page's own policy (Referrer-Policy: strict-origin) keeps from other sites; it
// is used up by a button alone, not by a program that follows links. After a
// login, or a proof of one, the browser is sent to a path of the same origin
// only (core.LocalPath). Passwords are never put back into a form, and a login
// that waits for a second factor is in a cookie, never in a URL.
package pages
