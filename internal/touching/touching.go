// Package touching records in the background that tokens are in use: no request
// waits for it, and of one token nothing is recorded twice at the same time.
//
//	var touches touching.Set
//	touches.Go(digest, func(ctx context.Context) { … })
//	err := touches.Wait(ctx)
package touching

import (
	"context"
	"sync"
	"time"
)

const (
	// atOnce is how many tokens are touched at the same time. Those beyond
	// it wait for their next requests.
	atOnce = 64
	// patience is how long one touch may take.
	patience = 5 * time.Second
)

// Set holds the touches in progress, at most one a token. The zero value is
// ready.
type Set struct {
	mu       sync.Mutex
	underWay map[[32]byte]struct{}
	idle     chan struct{} // closed when none is in progress any more; made by whoever waits for that
}

// Go runs touch in the background, unless the token is being touched already or
// too many are. The context of touch is not a request's, which ends with the
// request and may carry a transaction. A panic is a failure of touch alone.
func (s *Set) Go(digest [32]byte, touch func(ctx context.Context)) {
	if !s.begin(digest) {
		return
	}
	go func() {
		defer s.end(digest)
		defer func() { _ = recover() }() // a store that panics has failed, and must not end the process
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		touch(ctx)
	}()
}

// Wait returns nil when no touch is in progress, within 5 seconds after the
// last Go, or ctx's error if ctx is done first.
func (s *Set) Wait(ctx context.Context) error {
	select {
	case <-s.ended():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin returns false if the token is being touched already, or if too many
// are.
func (s *Set) begin(digest [32]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, same := s.underWay[digest]; same || len(s.underWay) >= atOnce {
		return false
	}
	if s.underWay == nil {
		s.underWay = map[[32]byte]struct{}{}
	}
	s.underWay[digest] = struct{}{}
	return true
}

func (s *Set) end(digest [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.underWay, digest)
	if len(s.underWay) == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

func (s *Set) ended() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	if len(s.underWay) == 0 {
		close(s.idle)
		s.idle = nil
	}
	return idle
}
