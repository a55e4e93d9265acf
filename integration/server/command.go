package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// credential returns the user that the servers run as: PostgreSQL and MariaDB
// refuse root. It is nil unless we are root.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(nobody.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

// giveAway makes the servers' user the owner of a folder.
func giveAway(folder string) error {
	owner, err := credential()
	if owner == nil || err != nil {
		return err
	}
	return os.Chown(folder, int(owner.Uid), int(owner.Gid))
}

// cmd returns a command that runs as the servers' user in the server's folder.
// It is killed with the thread that starts it, and so when the tests die.
func (s *instance) cmd(command ...string) (*exec.Cmd, error) {
	owner, err := credential()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = s.folder, append(os.Environ(), "TMPDIR="+s.folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Pdeathsig: s.abandon}
	return cmd, err
}

// run runs a command to its end.
func (s *instance) run(stdin io.Reader, command ...string) error {
	cmd, err := s.cmd(command...)
	if err != nil {
		return err
	}
	cmd.Stdin = stdin
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command[0], err, out)
	}
	return nil
}

// tail keeps the end of a process's output.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailLength = 8 << 10 // bytes

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailLength):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
