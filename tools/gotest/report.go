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

// report is what a run prints.
type report struct {
	mu      sync.Mutex
	out     io.Writer
	started time.Time
	spoke   time.Time            // when something was printed last
	module  string               // that began last
	running map[string]*progress // packages, by their import paths
	ended   int                  // packages
	failed  []string             // packages of all modules, and modules that failed without one
}

func newReport(out io.Writer) *report {
	return &report{out: out, started: time.Now(), running: map[string]*progress{}}
}

func (r *report) begin(name string, packages int) *module {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.module = name
	r.print("gotest: " + name)
	m := &module{name: name, left: packages, few: make(chan struct{}), ended: make(chan struct{})}
	if packages <= 1 {
		close(m.few)
	}
	return m
}

// failedModule notes that go test failed in the module, for another reason
// than a package that has been printed.
func (r *report) failedModule(m *module, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.broken {
		return
	}
	r.print(fmt.Sprintf("FAIL\t%s [go test: %v]", m.name, err))
	r.failed = append(r.failed, m.name)
}

// end prints the sum, and returns an error that names what failed.
func (r *report) end() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	after := time.Since(r.started).Round(time.Second)
	if len(r.failed) > 0 {
		slices.Sort(r.failed)
		return fmt.Errorf("after %v, FAILED in:\n\t%s", after, strings.Join(r.failed, "\n\t"))
	}
	r.print(fmt.Sprintf("gotest: all %d packages with tests passed, in %v", r.ended, after))
	return nil
}

// println prints a line.
func (r *report) println(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.print(line)
}

// print is println where r.mu is held.
func (r *report) print(line string) {
	r.spoke = time.Now()
	_, _ = fmt.Fprintln(r.out, line)
}

// beat prints what is running whenever nothing was printed for the interval,
// until stop is called.
func (r *report) beat(interval time.Duration) (stop func()) {
	ticker, stopped := time.NewTicker(interval/15), make(chan struct{})
	go func() {
		for {
			select {
			case <-stopped:
				return
			case <-ticker.C:
				r.mu.Lock()
				if time.Since(r.spoke) >= interval {
					r.print(r.status())
				}
				r.mu.Unlock()
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
	}
}

// status is what is running. r.mu is held.
func (r *report) status() string {
	var doing []string
	for _, path := range slices.Sorted(maps.Keys(r.running)) {
		p := r.running[path]
		doing = append(doing, fmt.Sprintf("%s (%v, %s)", path, time.Since(p.since).Round(time.Second), p.latest()))
	}
	if len(doing) == 0 {
		doing = []string{"compiling " + r.module}
	}
	return fmt.Sprintf("... %v: %s", time.Since(r.started).Round(time.Second), strings.Join(doing, ", "))
}
