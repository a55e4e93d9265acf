package long_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/integration/long"
)

func TestCount(t *testing.T) {
	for value, want := range map[string]int{"": 10, "0": 10, "1": 1000} {
		t.Setenv("LATCHKEY_TEST_LONG", value)
		if got := long.Races(); got != want {
			t.Errorf("with %q it is %d, want %d", value, got, want)
		}
	}
}
