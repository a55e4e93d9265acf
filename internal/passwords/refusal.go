package passwords

import (
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Refusal returns a refusal of a password, by the policy or by the hasher, with
// the code of the route that set it. An *Error without a Reason stays as it is;
// anything else becomes a 503.
func Refusal(err error, code string) error {
	var e *core.Error
	if !errors.As(err, &e) {
		return core.Unavailable(err)
	}
	if e.Reason == "" {
		return e
	}
	recoded := *e
	recoded.Code, recoded.Status = code, http.StatusBadRequest
	return &recoded
}
