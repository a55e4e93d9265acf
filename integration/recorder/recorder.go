// Package recorder records what is sent to a database.
package recorder

import (
	"context"
	"database/sql/driver"
	"slices"
	"sync"
)

// Recorder is a driver.Connector that records the text of every statement sent
// over its connections.
type Recorder struct {
	driver  driver.Driver
	address string
	mu      sync.Mutex
	noted   []string
}

// New returns a Recorder for connections to an address.
func New(d driver.Driver, address string) *Recorder { return &Recorder{driver: d, address: address} }

// Statements returns the texts so far, in order, and clears them.
func (r *Recorder) Statements() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	texts := r.noted
	r.noted = nil
	return texts
}

// Texts returns the texts so far, each once, and clears them.
func (r *Recorder) Texts() []string {
	return slices.Compact(slices.Sorted(slices.Values(r.Statements())))
}

func (r *Recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noted = append(r.noted, text)
}

// Driver implements driver.Connector.
func (r *Recorder) Driver() driver.Driver { return r.driver }

// Connect implements driver.Connector.
func (r *Recorder) Connect(context.Context) (driver.Conn, error) {
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
	*Recorder
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
