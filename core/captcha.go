package core

import "context"

// Captcha checks the answer to a riddle that a page has shown, such as
// Turnstile's or hCaptcha's token. It is for Options.Captcha: where the short
// limits of failed logins have been reached for somebody who is not in a known
// browser, a right answer stands in for the wait.
//
// Check asks the service that made the riddle, within a time bound of its own,
// and reports whether the answer is right; r is the request that brought it. An
// answer must be right once: the verifier makes sure of that, as the services
// do. An *Error is the response as it is, any other error is a 503.
type Captcha interface {
	Check(ctx context.Context, r *Request, answer string) (bool, error)
}
