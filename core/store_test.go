package core_test

import (
	"context"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

type sweeper int

func (s sweeper) Sweep(context.Context) (int, error) { return int(s), nil }

type decorator struct{ inner any }

func (d decorator) Unwrap() any { return d.inner }

func TestAs(t *testing.T) {
	for _, v := range []any{sweeper(3), decorator{sweeper(3)}, decorator{decorator{sweeper(3)}}} {
		s, ok := core.As[core.Sweeper](v)
		if !ok || s != sweeper(3) {
			t.Errorf("%T: got %v, %v", v, s, ok)
		}
	}
	for _, v := range []any{nil, 1, decorator{}, decorator{decorator{1}}} {
		if s, ok := core.As[core.Sweeper](v); ok || s != nil {
			t.Errorf("%v: got %v", v, s)
		}
	}
}
