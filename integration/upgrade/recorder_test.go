//go:build record

package upgrade_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"sync"
	"testing"

	"github.com/uptrace/bun"
)

// recorder notes the text of every statement that a driver is given.
type recorder struct {
	driver  driver.Driver
	address string
	mu      sync.Mutex
	noted   []string
}

// recorded is open, with all statements noted.
func (k kind) recorded(t testing.TB, address string) (*bun.DB, *recorder) {
	t.Helper()
	plain := k.open(t, address)
	r := &recorder{driver: plain.Driver(), address: address}
	db := bun.NewDB(sql.OpenDB(r), k.dialect())
	t.Cleanup(func() { _ = db.Close() })
	return db, r
}

func (r *recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noted = append(r.noted, text)
}

// take gives the texts so far, each once, and begins anew.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	texts := slices.Compact(slices.Sorted(slices.Values(r.noted)))
	r.noted = nil
	return texts
}

func (r *recorder) Driver() driver.Driver { return r.driver }

func (r *recorder) Connect(context.Context) (driver.Conn, error) {
	c, err := r.driver.Open(r.address)
	if err != nil {
		return nil, err
	}
	return &recordedConn{c.(fullConn), r}, nil
}

// fullConn is what the connections of all drivers can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type recordedConn struct {
	fullConn
	*recorder
}

func (c *recordedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.note(query)
	return c.fullConn.PrepareContext(ctx, query)
}

func (c *recordedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	return c.fullConn.ExecContext(ctx, query, args)
}

func (c *recordedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	return c.fullConn.QueryContext(ctx, query, args)
}

func (c *recordedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
