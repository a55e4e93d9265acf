package flowtest

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// errDown is what stores return that cannot be reached.
var errDown = errors.New("flowtest: the store is down")

// journal keeps what a flow does by its services.
type journal struct {
	mu    sync.Mutex
	lines []string
	// about is the EmailKey of whom a request is about, which lines call
	// "the address".
	about string
	down  bool
}

// note adds a line. The error is that of a store that is down.
func (j *journal) note(what string, about ...string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, text := range about {
		if j.about != "" && strings.Contains(text, j.about) {
			text = "the address"
		}
		what += " " + text
	}
	j.lines = append(j.lines, what)
	if j.down {
		return errDown
	}
	return nil
}

// begin forgets all lines. What follows is about an address.
func (j *journal) begin(about string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines, j.about = nil, about
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

func (j *journal) setDown(down bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.down = down
}

// secret returns a value that nobody was given.
func secret() string {
	raw, _, err := core.NewSecret(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return raw
}
