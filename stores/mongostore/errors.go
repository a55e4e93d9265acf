package mongostore

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// failed returns the core error that an error of the driver stands for, or one
// that says what failed.
func failed(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mongo.ErrNoDocuments):
		return core.ErrNotFound
	case refused(err):
		return &core.RefusedError{Field: invalidProperty(err), Cause: &failure{what, err}}
	case !mongo.IsDuplicateKeyError(err):
		if givenUp(ctx, err) {
			err = errPatience
		}
		return &failure{what, err}
	case inTransaction(ctx):
		// The other one committed after this transaction began: this
		// one is over, and sees the change when it runs again.
		return &failure{what,
			mongo.CommandError{Name: "DuplicateKey", Code: 11000, Labels: []string{"TransientTransactionError"}}}
	default:
		return core.ErrTaken
	}
}

// failure says what failed, and why. The server's own words stay out of the
// text: they quote keys, some of them the whole command.
type failure struct {
	what  string
	cause error
}

// Unwrap returns the driver's error, whose text may quote the command: log the
// failure, not its cause.
func (f *failure) Unwrap() error { return f.cause }

func (f *failure) Error() string { return "mongostore: " + f.what + ": " + reason(f.cause) }

func reason(err error) string {
	var (
		command mongo.CommandError
		server  mongo.ServerError
	)
	switch {
	case errors.As(err, &command) && command.Name != "":
		return fmt.Sprintf("the server answered %s (%d)", command.Name, command.Code)
	case errors.As(err, &server):
		return fmt.Sprintf("the server answered %v", server.ErrorCodes())
	default:
		return err.Error()
	}
}
