package fiberauth

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/core"
)

// Write sends an answer, such as that of Manager.Login or one that core.HTML
// has made. Content-Length is always set where the status allows a body, so
// that HEAD has the header of GET. Behind PassErrors it returns the error of
// one that has an error.
func Write(c fiber.Ctx, resp *core.Response) error {
	header := &c.Response().Header
	for name := range resp.Header { // before the first Add: Del puts other lines in another order
		if name != "Set-Cookie" && name != "Vary" { // an outer middleware's own stay
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
		header.SetConnectionClose() // what is left of the body would be read as the next request
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

// PassErrors is middleware that gives errors of the guards and routes behind it
// to fiber's ErrorHandler, instead of answering them. errors.As finds a
// *fiber.Error in each, with its status and code, and a *core.Error, whose text
// names the cause, which is not for clients. Their header (WWW-Authenticate,
// Retry-After, cookies) is set already.
func PassErrors(c fiber.Ctx) error {
	c.Locals(local("pass errors"), true)
	return c.Next()
}

// ErrorHandler is for fiber.Config, and for the rest of what an ErrorHandler of
// the application's does not know. It answers with the phrase of an error's
// status. fiber's default sends the error's text: that of a panic behind the
// recover middleware, and for a malformed request its head as it came,
// credentials included.
func ErrorHandler(c fiber.Ctx, err error) error {
	status := http.StatusInternalServerError
	if e, ok := errors.AsType[*fiber.Error](err); ok {
		status = e.Code
	}
	c.Set("Content-Type", "text/plain; charset=utf-8")
	return c.Status(status).SendString(http.StatusText(status))
}

// passed keeps the cause from fiber's default ErrorHandler, which sends the
// text of what it is given.
type passed struct{ err *core.Error }

func (p passed) Error() string   { return (&core.Error{Code: p.err.Code, Status: p.err.Status}).Error() }
func (p passed) Unwrap() []error { return []error{p.err, fiber.NewError(p.err.Status, p.Error())} }
