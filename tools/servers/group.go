package main

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// patience is how long a command may take to end after SIGTERM.
const patience = 10 * time.Second

// runGroup runs a command in a process group of its own. When ctx is done, the
// group gets SIGTERM, and what is left of it is killed: a test that is aborted
// stops nothing that it has started.
func runGroup(ctx context.Context, dir string, env, command []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }() // mostly there is nobody
	return cmd.Wait()
}
