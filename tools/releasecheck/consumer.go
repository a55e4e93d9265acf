package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// consumer is a package outside the tree that gets one module of it.
type consumer struct {
	dir     string
	env     []string
	tree    *tree
	module  goModule
	allowed []string // dependencies of the module
}

// consumerEnv is an environment in which the go command takes the packed
// modules first, then what the real module cache has, then the usual proxy, and
// writes to a module cache of its own.
func (t *tree) consumerEnv(ctx context.Context, temp string) ([]string, error) {
	vars, err := goCommand(ctx, ".", nil, "env", "GOMODCACHE", "GOPROXY", "GONOSUMDB")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(vars, "\n")
	return append(os.Environ(),
		"GOWORK=off",
		"GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=mod -modcacherw",
		"GOMODCACHE="+filepath.Join(temp, "modcache"),
		"GOPROXY="+strings.Join([]string{"file://" + filepath.Join(temp, "proxy"), "file://" + lines[0] + "/cache/download", lines[1]}, ","),
		"GONOSUMDB="+strings.Trim(lines[2]+","+t.modules[0].path, ","),
	), nil
}

// check builds the package, judges what it compiled and prints one line about
// it.
func (c consumer) check(ctx context.Context) error {
	programs, err := c.write(ctx)
	if err != nil {
		return err
	}
	if _, err := goCommand(ctx, c.dir, c.env, "get", c.module.path+"@"+c.tree.version); err != nil {
		return err
	}
	all := append([]string{"."}, programs...)
	if _, err := goCommand(ctx, c.dir, c.env, append([]string{"build", "-o", os.DevNull}, all...)...); err != nil {
		return err
	}
	list, err := goCommand(ctx, c.dir, c.env, append([]string{"list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}"}, all...)...)
	if err != nil {
		return err
	}
	compiled := strings.Fields(list)
	slices.Sort(compiled)
	compiled = slices.Compact(compiled)
	fmt.Printf("%s: %d modules: %s\n", c.module.path, len(compiled), strings.Join(compiled, " "))
	return c.module.judge(compiled, c.allowed, c.tree.modules[0].path)
}

// write makes the consumer's go.mod and its source, which imports every package
// that can be imported, and returns the programs. The checksums of the tree are
// taken over, so that dependencies are verified without asking for them again.
func (c consumer) write(ctx context.Context) (programs []string, err error) {
	own := append(os.Environ(), "GOWORK=off")
	list, err := goCommand(ctx, c.module.dir, own, "list", "-f",
		`{{if and .GoFiles (ne .Name "main")}}{{.ImportPath}}{{end}}`, "./...")
	if err != nil {
		return nil, err
	}
	mains, err := goCommand(ctx, c.module.dir, own, "list", "-f",
		`{{if and .GoFiles (eq .Name "main")}}{{.ImportPath}}{{end}}`, "./...")
	if err != nil {
		return nil, err
	}
	source := "package consumer\n\nimport (\n"
	for _, path := range strings.Fields(list) {
		if !strings.Contains(path+"/", "/internal/") {
			source += fmt.Sprintf("\t_ %q\n", path)
		}
	}
	source += ")\n"
	sums, err := os.ReadFile(filepath.Join(c.module.dir, "go.sum"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a module without dependencies has none
		return nil, err
	}
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"go.mod":      "module consumer\n\ngo " + c.module.file.Go.Version + "\n",
		"go.sum":      string(sums),
		"consumer.go": source,
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return strings.Fields(mains), nil
}

// goCommand returns the output of a go command; its error carries what the
// command complained about.
func goCommand(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var complaint bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("in %s: go %s: %w\n%s", dir, strings.Join(args, " "), err, complaint.Bytes())
	}
	return string(out), nil
}
