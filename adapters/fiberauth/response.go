package fiberauth

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/core"
)

// Write sends a response, such as that of Manager.Login or one made by
// core.HTML. Content-Length is always set if the status allows a body, so that
// HEAD has the header of GET. Behind PassErrors, Write returns the error of a
// response that has one.
func Write(c fiber.Ctx, resp *core.Response) error {
	header := &c.Response().Header
	for name := range resp.Header { // before the first Add: Del reorders other lines
		if name != "Set-Cookie" && name != "Vary" { // an outer middleware's own lines stay
			header.Del(name)
		}
	}
	for name, lines := range resp.Header {
		for _, line := range lines {
			header.Add(name, line)
		}
	}
	if resp.Body != nil && resp.Header["Content-Type"] == nil {
		header.SetContentType(cmp.Or(resp.Type, "application/json"))
	}
	if resp.Status == http.StatusRequestEntityTooLarge || c.Request().IsBodyStream() {
		header.SetConnectionClose() // the rest of the body would be read as the next request
	}
	c.Status(resp.Status)
	if resp.Err != nil && c.Locals(local("pass errors")) != nil {
		header.Del("Content-Type")
		return passed{resp.Err}
	}
	header.SetContentLength(len(resp.Body))
	c.Response().SetBody(resp.Body)
	return nil
}

// PassErrors is middleware that passes the errors of guards and routes behind
// it to fiber's ErrorHandler instead of responding to them. errors.As finds a
// *fiber.Error in each, with its status and code, and a *core.Error, whose text
// includes the cause and must not be sent to clients. Their headers
// (WWW-Authenticate, Retry-After, cookies) are already set.
func PassErrors(c fiber.Ctx) error {
	c.Locals(local("pass errors"), true)
	return c.Next()
}

// ErrorHandler is an error handler for fiber.Config, and for errors that an
// application's own handler does not handle. It responds with {"detail":
// phrase}, as Latchkey's routes respond to errors, where the phrase is the
// standard text of the error's status: "Not Found" for a path without a route,
// "Method Not Allowed" for a wrong method. fiber's default sends the error's
// text: for a panic behind the recover middleware, the panic's; for a malformed
// request, its head as received, credentials included.
func ErrorHandler(c fiber.Ctx, err error) error {
	status := http.StatusInternalServerError
	if e, ok := errors.AsType[*fiber.Error](err); ok {
		status = e.Code
	}
	return Write(c, core.Plain(status))
}

// passed hides the cause from fiber's default ErrorHandler, which sends the
// text of the error it receives.
type passed struct{ err *core.Error }

func (p passed) Error() string   { return (&core.Error{Code: p.err.Code, Status: p.err.Status}).Error() }
func (p passed) Unwrap() []error { return []error{p.err, fiber.NewError(p.err.Status, p.Error())} }
