package server

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// dialect is what the databases of a server differ in.
type dialect struct {
	open         func(addr string) (*sql.DB, error)
	within       func(addr, database string) (string, error) // the address of a database
	create, drop string                                      // statements, with %s for a database
}

// newDatabase creates an empty database on the shared server, which is dropped
// at the end of t, and returns its address.
func newDatabase(t testing.TB, e *engine, d dialect) string {
	t.Helper()
	admin, err := shared.address(e)
	if err != nil {
		t.Fatal(err)
	}
	name := "latchkey_" + strings.ToLower(rand.Text())
	addr, err := d.makeDatabase(admin, name)
	if err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	t.Cleanup(func() {
		if err := d.exec(admin, fmt.Sprintf(d.drop, name)); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	})
	return addr
}

func (d dialect) makeDatabase(admin, name string) (string, error) {
	addr, err := d.within(admin, name)
	if err != nil {
		return "", err
	}
	return addr, d.exec(admin, fmt.Sprintf(d.create, name))
}

// exec runs a statement. It waits for a lock for some time.
func (d dialect) exec(addr, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := d.open(addr)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}

// ping returns nil if the server responds.
func (d dialect) ping(ctx context.Context, addr string) error {
	db, err := d.open(addr)
	if err != nil {
		return err
	}
	return errors.Join(db.PingContext(ctx), db.Close())
}

// startDatabase starts a server for one test, with a database called test.
func startDatabase(t testing.TB, e *engine, d dialect) *Process {
	t.Helper()
	p := startProcess(t, e)
	var err error
	if p.url, err = d.makeDatabase(p.url, "test"); err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	return p
}
