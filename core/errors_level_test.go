package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestLevel(t *testing.T) {
	for cause, want := range map[error]slog.Level{
		fmt.Errorf("acme: %w", core.ErrOAuthCodeRefused):    slog.LevelWarn,
		fmt.Errorf("a statement: %w", context.Canceled):     slog.LevelWarn,
		fmt.Errorf("a store: %w", context.DeadlineExceeded): slog.LevelError,
		errors.New("a store is down"):                       slog.LevelError,
	} {
		if got := core.Unavailable(cause).Level(); got != want {
			t.Errorf("%v is logged at %v, want %v", cause, got, want)
		}
	}
	if got := (&core.Error{Status: 500}).Level(); got != slog.LevelError {
		t.Errorf("without a cause: %v", got)
	}
}
