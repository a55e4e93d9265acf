package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// progress is a package whose tests run.
type progress struct {
	since  time.Time
	active []string            // tests that run, the latest last
	order  []string            // of tests by their first output; "" is the package
	said   map[string][]string // by tests that have not passed
}

// latest names a test that runs.
func (p *progress) latest() string {
	if len(p.active) == 0 {
		return "starting"
	}
	return p.active[len(p.active)-1]
}

func (p *progress) hear(e event) {
	switch e.Action {
	case "run", "cont":
		p.active = append(p.active, e.Test)
	case "pause":
		p.leave(e.Test)
	case "pass", "skip":
		p.leave(e.Test)
		delete(p.said, e.Test)
	case "fail":
		p.leave(e.Test)
	case "output":
		if p.said[e.Test] == nil {
			p.order = append(p.order, e.Test)
		}
		p.said[e.Test] = append(p.said[e.Test], e.Output)
	}
}

func (p *progress) leave(test string) {
	p.active = slices.DeleteFunc(p.active, func(t string) bool { return t == test })
}

// failure is what tests said that have not passed, and the package last.
func (p *progress) failure() string {
	var text strings.Builder
	for _, test := range append(slices.DeleteFunc(p.order, func(test string) bool { return test == "" }), "") {
		for _, line := range p.said[test] {
			if !strings.HasPrefix(line, "=== ") { // RUN, PAUSE, CONT, NAME
				text.WriteString(line)
			}
		}
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// closing is the line of a package that passed, or "" where it has no tests.
func (p *progress) closing() string {
	for _, line := range p.said[""] {
		if strings.HasPrefix(line, "ok ") {
			return strings.TrimSuffix(line, "\n")
		}
	}
	return ""
}

// event takes a line of a module's go test -json. What is none is printed.
func (r *report) event(m *module, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		r.print(line)
		return
	}
	if e.Action == "build-output" {
		r.print(strings.TrimSuffix(e.Output, "\n"))
		return
	}
	if e.Package == "" {
		return
	}
	p := r.running[e.Package]
	if p == nil {
		p = &progress{since: time.Now(), said: map[string][]string{}}
		r.running[e.Package] = p
	}
	if e.Test != "" || e.Action == "output" {
		p.hear(e)
		return
	}
	switch e.Action {
	case "pass", "skip":
		if closing := p.closing(); closing != "" {
			r.ended++
			r.print(closing)
		}
	case "fail":
		r.print(p.failure())
		r.failed, m.broken = append(r.failed, e.Package), true
	default: // start
		return
	}
	delete(r.running, e.Package)
	m.end()
}
