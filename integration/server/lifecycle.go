package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long a server has to start or to stop.
const patience = 60 * time.Second

func (s *instance) running() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// start starts the process and waits until it responds.
func (s *instance) start() error {
	if s.running() {
		return errors.New("it runs already")
	}
	program, err := s.program()
	if err != nil {
		return err
	}
	if s.process, err = s.cmd(append(s.command(s, program), s.args...)...); err != nil {
		return err
	}
	s.output = &tail{}
	s.process.Stdout, s.process.Stderr = s.output, s.output // its children have them too: Wait waits for these
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.process.Start()
		started <- err
		if err == nil {
			_ = s.process.Wait()
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.ended = ended
	return s.wait()
}

// wait waits until the server responds.
func (s *instance) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := s.ping(ctx, s.address(s.port))
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("it ends by itself:\n%s", s.output)
		case <-ctx.Done():
			return fmt.Errorf("it does not respond: %w\n%s", err, s.output)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// signal sends a signal to the process and to its children: PostgreSQL has one
// for each connection. The process is halted first, so that it starts no more
// of them.
func (s *instance) signal(sig syscall.Signal) error {
	if !s.running() {
		return errors.New("it does not run")
	}
	if err := s.process.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	pid := s.process.Process.Pid
	if err := halted(pid); err != nil {
		return err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return err
	}
	for _, child := range strings.Fields(string(children)) {
		if pid, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(pid, sig) // unless it has just exited
		}
	}
	return s.process.Process.Signal(sig)
}

// halted waits until a process that was sent SIGSTOP has stopped: its threads
// run on for a moment.
func halted(pid int) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(threads, runs) {
			return nil
		}
	}
	return errors.New("it does not halt")
}

// runs reports whether a thread runs, by its state, which follows its name in
// parentheses.
func runs(stat string) bool {
	b, err := os.ReadFile(stat)
	i := bytes.LastIndexByte(b, ')')
	return err == nil && i >= 0 && !bytes.HasPrefix(b[i:], []byte(") T"))
}

// kill ends the server as if its machine had failed.
func (s *instance) kill() error {
	if err := s.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-s.ended
	return nil
}

// end asks the server to exit, paused or not, and waits.
func (s *instance) end(sig syscall.Signal) error {
	err := s.signal(syscall.SIGCONT)
	if err == nil {
		err = s.process.Process.Signal(sig)
	}
	if err != nil {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("it does not stop:\n%s", s.output), s.kill())
	}
}
