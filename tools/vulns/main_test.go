package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReach(t *testing.T) {
	database := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/index/db.json" {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(database.Close)
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "index"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "index", "db.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, db string
		reached  bool
	}{
		{"a server", database.URL + "/v1", true},
		{"a server without a database", database.URL, false},
		{"a folder", "file://" + folder, true},
		{"a folder without a database", "file://" + t.TempDir(), false},
		{"an address that is none", "https://%", false},
		{"another scheme", "gopher://127.0.0.1", false},
		{"nobody listens", "http://127.0.0.1:1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := reach(t.Context(), c.db, time.Minute); (err == nil) != c.reached {
				t.Errorf("got %v, want it reached: %v", err, c.reached)
			}
		})
	}
}

// A server that accepts and never answers would otherwise hold the check up.
func TestSilentDatabaseIsLeftOut(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	t.Setenv("GOVULNDB", "http://"+silent.Addr().String())
	if err := run(t.Context(), t.TempDir(), 50*time.Millisecond); err != nil { // which has no tools
		t.Errorf("got %v", err)
	}
}

func TestReachableDatabaseIsUsed(t *testing.T) {
	database := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(database.Close)
	t.Setenv("GOVULNDB", database.URL)
	root := t.TempDir()
	if err := run(t.Context(), root, time.Minute); err == nil || !strings.Contains(err.Error(), "govulncheck") {
		t.Errorf("got %v, want an error, since %s has no tools", err, root)
	}
}
