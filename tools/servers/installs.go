package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// interval is the longest time without a word while something is installed.
const interval = 15 * time.Second

// installs says what is being installed.
type installs struct {
	out    io.Writer
	folder string

	mu    sync.Mutex
	begun bool
	since map[string]time.Time // by names
}

// begin says that something is being installed, until end is called.
func (i *installs) begin(name string) (end func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.begun {
		i.begun = true
		_, _ = fmt.Fprintf(i.out, "servers: what tests need and this machine lacks is unpacked into %s, once: "+
			"at most 300 MB of downloads, one to three minutes\n", i.folder)
	}
	if i.since == nil {
		i.since = map[string]time.Time{}
	}
	i.since[name] = time.Now()
	_, _ = fmt.Fprintln(i.out, "servers: installing", name)
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		_, _ = fmt.Fprintf(i.out, "servers: %s took %v\n", name, time.Since(i.since[name]).Round(time.Second))
		delete(i.since, name)
	}
}

// beat says at each interval what is still being installed, until stop is
// called.
func (i *installs) beat(interval time.Duration) (stop func()) {
	ticker, stopped := time.NewTicker(interval), make(chan struct{})
	go func() {
		for {
			select {
			case <-stopped:
				return
			case <-ticker.C:
				i.mu.Lock()
				if len(i.since) > 0 {
					names := slices.Sorted(maps.Keys(i.since))
					_, _ = fmt.Fprintln(i.out, "servers: still installing", strings.Join(names, ", "))
				}
				i.mu.Unlock()
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
	}
}
