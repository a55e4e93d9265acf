package core

import "context"

// Hooks are an application's functions around what Latchkey does, by HTTP and
// by a Manager; each is optional.
//
// Before… run once, after the input was checked and before anything is written,
// outside any transaction. They may refuse: an *Error is the answer as it is,
// any other error is a 503. After… run in the request, after the commit and
// before the answer, which waits for them: what a hook sets up is there when
// the client reads the answer. Slow work goes to the event's Enqueue. The
// context of After… is not cancelled; they cannot fail the request, and a panic
// in one is logged. Every event has Kind, At and Actor, and by HTTP also Route,
// Client and Request, whose body is consumed. No hook sees a password or a
// token.
type Hooks[U any] struct {
	// BeforeRegister receives the User as they will be stored, without ID
	// and password hash, Input (the body's members) and, at a provider's
	// login, Identity and Method. What it edits in User is stored; an
	// edited address, and an edited name, get their canonical form. Whether
	// they are taken is not known yet.
	BeforeRegister func(ctx context.Context, e *EventOf[U]) error
	// AfterRegister receives the User as stored. The account is kept,
	// whatever the hook does.
	AfterRegister func(ctx context.Context, e EventOf[U])

	// BeforeLogin receives the User, Backend and Method (of the last
	// proof), once everything that the login needs was proved and before
	// there is a session. It does not run for a step-up.
	BeforeLogin func(ctx context.Context, e *EventOf[U]) error
	// AfterLogin receives the same and Session.
	AfterLogin func(ctx context.Context, e EventOf[U])
	// AfterFailedLogin receives Code, Backend, Method, and the User whose
	// address was sent, nil for nobody's. Code is LOGIN_USER_SUSPENDED
	// where everything else was right, and RATE_LIMITED where the password
	// was not compared, as too many wrong ones came before: the answer is
	// that of a wrong one. It must take as long for both, or
	// the clock reveals who is registered: use Enqueue. Where a mail's link
	// or code is the first proof it runs in the background, without
	// Request.
	AfterFailedLogin func(ctx context.Context, e EventOf[U])
	// AfterLogout receives the User and the Session that has ended.
	AfterLogout func(ctx context.Context, e EventOf[U])

	// BeforeUpdate receives the User as they will be stored, but for the
	// hash of a new password, Was (Latchkey's columns as they are), Fields
	// and Input; the row may still change until it is written. It runs for
	// PATCH /me, PATCH /{id} and Manager.Update. What it edits in User is
	// stored, if that is Email or Username, which get their canonical form,
	// or a column of the application's; it assigns, and changes no map or
	// slice in place. For POST /email/confirm it runs once more: it may
	// refuse, and what it edits is not stored.
	BeforeUpdate func(ctx context.Context, e *EventOf[U]) error
	// AfterUpdate receives the User as stored, Was and Fields.
	AfterUpdate func(ctx context.Context, e EventOf[U])

	// BeforeDelete and AfterDelete receive the User as they were, and Was.
	// Where users leave after a while (leaving.Flow), BeforeDelete runs
	// when they ask for it, with the Kind EventLeaving, and again when they
	// are removed. A refusal then keeps them suspended until the next
	// sweep.
	BeforeDelete func(ctx context.Context, e *EventOf[U]) error
	AfterDelete  func(ctx context.Context, e EventOf[U])

	// AfterRequestVerify and AfterForgotPassword receive the User whose
	// mail is about to be sent. They run in the background, after the
	// answer and Options.MailDelay, and not where no mail is sent.
	AfterRequestVerify, AfterForgotPassword func(ctx context.Context, e EventOf[U])
	// AfterVerify receives the User wherever they prove the address for the
	// first time: by the mail, by a reset, by a login at a provider that
	// takes the account over.
	AfterVerify func(ctx context.Context, e EventOf[U])
	// AfterResetPassword receives the User with the new password, and Was.
	AfterResetPassword func(ctx context.Context, e EventOf[U])
}
