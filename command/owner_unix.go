//go:build unix

package command

import (
	"io/fs"
	"os"
	"syscall"
)

// giveTo lets a file have the owner and the rights of another one, so that the
// application can read what its operator, perhaps root, has written.
func giveTo(path string, like fs.FileInfo) error {
	if err := os.Chmod(path, like.Mode().Perm()); err != nil {
		return err
	}
	owner, ok := like.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}
