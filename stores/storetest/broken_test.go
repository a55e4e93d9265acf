package storetest_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/stores/storetest"
)

// broken asserts that a store fails exactly the rules that begin with the given
// words; it may also fail those after a "?", where only luck makes a race go
// wrong.
func broken[S any](t *testing.T, cases []storetest.Case[S], open func() S, rules ...string) {
	t.Helper()
	var failed []string
	for _, c := range cases {
		var missing storetest.NotDeclaredError
		if err := c.Check(t.Context(), open()); err != nil && !errors.As(err, &missing) {
			failed = append(failed, c.Rule)
		}
	}
	begins := func(rule string) func(string) bool {
		return func(words string) bool { return strings.HasPrefix(rule, strings.TrimPrefix(words, "?")) }
	}
	for _, rule := range failed {
		if !slices.ContainsFunc(rules, begins(rule)) {
			t.Errorf("fails without need: %s", rule)
		}
	}
	for _, words := range rules {
		if !strings.HasPrefix(words, "?") &&
			!slices.ContainsFunc(failed, func(rule string) bool { return begins(rule)(words) }) {
			t.Errorf("not found out: %s", words)
		}
	}
}

// rule returns the cases whose rules begin with the given words.
func rule[S any](cases []storetest.Case[S], words string) []storetest.Case[S] {
	return slices.DeleteFunc(slices.Clone(cases),
		func(c storetest.Case[S]) bool { return !strings.HasPrefix(c.Rule, words) })
}

// crowd is how many goroutines the kit's races have.
const crowd = 64

// barrier makes a fake's race certain: nobody goes on before the whole crowd
// has arrived, or a second has passed. It serves one crowd.
type barrier struct {
	arrived atomic.Int64
	all     chan struct{}
}

func newBarrier() *barrier { return &barrier{all: make(chan struct{})} }

func (b *barrier) wait() {
	if b.arrived.Add(1) == crowd {
		close(b.all)
	}
	select {
	case <-b.all:
	case <-time.After(time.Second):
	}
}

// unless leaves out the cases that a store need not pass if it declares the
// lack.
func unless[S any](cases []storetest.Case[S], lack storetest.Lack) []storetest.Case[S] {
	return slices.DeleteFunc(slices.Clone(cases), func(c storetest.Case[S]) bool { return c.Unless == lack })
}
