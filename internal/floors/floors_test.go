package floors_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/internal/floors"
)

func TestLife(t *testing.T) {
	var life floors.Life
	for _, step := range []struct{ keep, want time.Duration }{
		{0, floors.Unknown}, {-1, floors.Unknown}, {time.Hour, time.Hour}, {time.Minute, time.Hour}, {2 * time.Hour, 2 * time.Hour},
	} {
		life.KeepFloors(step.keep)
		if got := life.Length(); got != step.want {
			t.Errorf("after %v: got %v, want %v", step.keep, got, step.want)
		}
	}
}
