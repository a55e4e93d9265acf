//go:build !unix

package command

import "io/fs"

// giveTo does nothing: a new file has the rights of its folder.
func giveTo(string, fs.FileInfo) error { return nil }
