// Command vulns checks every module of a tree for known vulnerabilities that
// its code can reach, by govulncheck.
//
//	go run ./vulns ROOT
//
// govulncheck needs a database, which is $GOVULNDB or vuln.go.dev. Where it
// cannot be reached within a few seconds, one line says that the check was left
// out, and vulns succeeds: a build without the network is a build all the same.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long the database may take to answer.
const patience = 3 * time.Second

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: vulns ROOT")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1], patience)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulns:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, patience time.Duration) error {
	db := os.Getenv("GOVULNDB")
	if db == "" {
		db = "https://vuln.go.dev"
	}
	if err := reach(ctx, db, patience); err != nil {
		fmt.Printf("vulns: left out, since the database cannot be reached: %v\n", err)
		return nil
	}
	tool := exec.CommandContext(ctx, "go", "-C", filepath.Join(root, "tools"), "tool", "-n", "govulncheck")
	tool.Env, tool.Stderr = append(os.Environ(), "GOWORK=off"), os.Stderr
	path, err := tool.Output()
	if err != nil {
		return fmt.Errorf("go tool -n govulncheck: %w", err)
	}
	each := exec.CommandContext(ctx, filepath.Join(root, "tools", "each"),
		strings.TrimSpace(string(path)), "-db", db, "./...")
	each.Stdout, each.Stderr = os.Stdout, os.Stderr
	return each.Run()
}

// reach returns an error unless db answers in time, as a database does.
func reach(ctx context.Context, db string, patience time.Duration) error {
	u, err := url.Parse(db)
	if err != nil {
		return err
	}
	const index = "index/db.json"
	if u.Scheme == "file" {
		_, err := os.Stat(filepath.Join(filepath.FromSlash(u.Path), index))
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, u.JoinPath(index).String(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", r.URL, resp.Status)
	}
	return nil
}
