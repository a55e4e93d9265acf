// Command gotest runs go test in several modules. It goes on after a failure,
// and shows at its end what has failed.
//
//	go run ./gotest ROOT [MODULE[:[!]FOLDER,…]]… [!MODULE]… [-- FLAG…]
//
// MODULE is a folder below ROOT, tested on its own (GOWORK=off), or "work":
// the workspace. Without one, every module below ROOT is tested on its own;
// with a "!MODULE" too, but for that one. The flags are those of go test. Its
// packages are those of the module, or those in folders below it, or, after
// "!", in all others. One of these with a "+" before its folder is among them
// and comes first, as the slowest should: MODULE:!FOLDER,+FOLDER.
//
// A module begins when the one before has one package left, so that a slow one
// leaves no core idle; no more than two modules run at once.
//
// A package prints the line of go test when it ends, and what its failed tests
// have said. Where nothing ends for a while, what is running is printed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// interval is the longest time without a word.
const interval = 15 * time.Second

// patience is how long go test has to end when it is interrupted.
const patience = 10 * time.Second

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: gotest ROOT [MODULE]… [-- FLAG…]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, newReport(os.Stdout), os.Args[1], os.Args[2:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, r *report, root string, arguments []string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	modules, flags := arguments, []string(nil)
	if i := slices.Index(arguments, "--"); i >= 0 {
		modules, flags = arguments[:i], arguments[i+1:]
	}
	if modules, err = chosen(root, modules); err != nil {
		return err
	}
	if err := announce(ctx, r, len(modules)); err != nil {
		return err
	}
	stop := r.beat(interval)
	defer stop()
	var last, current *module
	for _, name := range modules {
		if last.wait(); ctx.Err() != nil {
			break
		}
		packages, n := packagesOf(ctx, root, name)
		last, current = current, r.begin(name, n)
		go func(m *module) {
			defer close(m.ended)
			if err := test(ctx, r, root, m, slices.Concat(flags, packages)); err != nil {
				r.failedModule(m, err)
			}
		}(current)
		select {
		case <-current.few:
		case <-current.ended:
		}
	}
	last.wait()
	current.wait()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return r.end()
}

// announce says where what is missing goes, before anything does.
func announce(ctx context.Context, r *report, modules int) error {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOCACHE").Output()
	folders := strings.Fields(string(out))
	if err != nil || len(folders) != 2 {
		return fmt.Errorf("go env: %w: %s", err, out)
	}
	r.println(fmt.Sprintf("gotest: go test in %d modules. What Go needs is downloaded into %s and compiled into %s: "+
		"at most 250 MB, and some ten minutes of the first run on two cores", modules, folders[0], folders[1]))
	return nil
}

// modulesOf returns the folders below root that have a go.mod.
func modulesOf(root string) (folders []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || path != root && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.Name() == "go.mod":
			folder, err := filepath.Rel(root, filepath.Dir(path))
			folders = append(folders, folder)
			return err
		}
		return nil
	})
	slices.Sort(folders)
	return folders, err
}

// chosen returns the modules of the arguments; all of them where these name
// none, or leave some out, before those that they name.
func chosen(root string, arguments []string) (modules []string, err error) {
	out := map[string]bool{}
	for _, name := range arguments {
		if left, ok := strings.CutPrefix(name, "!"); ok {
			out[left] = true
		} else {
			modules = append(modules, name)
		}
	}
	if len(modules) > 0 && len(out) == 0 {
		return modules, nil
	}
	all, err := modulesOf(root)
	all = slices.DeleteFunc(all, func(name string) bool { return out[name] })
	return append(all, modules...), err
}

// command returns a go command in a module.
func command(ctx context.Context, root, module string, arguments ...string) *exec.Cmd {
	folder, _, _ := strings.Cut(module, ":")
	work := "off"
	if folder == "work" {
		folder, work = ".", filepath.Join(root, "go.work")
	}
	cmd := exec.CommandContext(ctx, "go", arguments...)
	cmd.Dir = filepath.Join(root, folder)
	cmd.Env = append(os.Environ(), "GOWORK="+work)
	return cmd
}

// packagesOf returns the packages that are tested of a module, as arguments of
// go test, and their number. What go list cannot list fails in the test.
func packagesOf(ctx context.Context, root, module string) (arguments []string, n int) {
	all := "./..."
	if module == "work" {
		all = module
	}
	folder, folders, some := strings.Cut(module, ":")
	folders, others := strings.CutPrefix(folders, "!")
	list := command(ctx, root, module, "list", "-f", "{{.Dir}}\t{{.ImportPath}}", all)
	out, err := list.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || !some {
		return []string{all}, len(lines)
	}
	named, first := map[string]bool{}, map[string]bool{}
	for name := range strings.SplitSeq(folders, ",") {
		if before, ok := strings.CutPrefix(name, "+"); ok {
			first[filepath.Join(root, folder, before)] = true
		} else {
			named[filepath.Join(root, folder, name)] = true
		}
	}
	for _, line := range lines {
		dir, path, _ := strings.Cut(line, "\t")
		switch {
		case first[dir]:
			arguments = slices.Insert(arguments, 0, path)
		case named[dir] != others:
			arguments = append(arguments, path)
		}
		delete(named, dir)
		delete(first, dir)
	}
	maps.Copy(named, first)
	for dir := range named { // go test says that it is not there
		arguments = append(arguments, dir)
	}
	return arguments, len(arguments)
}

// test runs go test in a module. Its error is that of the command, which does
// not end well where a package failed.
func test(ctx context.Context, r *report, root string, m *module, arguments []string) error {
	cmd := command(ctx, root, m.name, slices.Concat([]string{"test", "-json"}, arguments)...)
	cmd.Stdout = &lines{each: func(line string) { r.event(m, line) }}
	cmd.Stderr = &lines{each: r.println}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	return cmd.Run()
}
