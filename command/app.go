package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// App is an application whose users the commands operate.
type App[U any] struct {
	// Name is that of the program, as it is typed. Default: the name of the
	// executable.
	Name string
	// Open puts the application together without serving it. Commands that
	// need it call it once. It must not need the tables, which "migrate up"
	// may have to make, and it should not migrate them, or "migrate status"
	// has nothing to show.
	Open func(ctx context.Context) (*Opened[U], error)
}

// Opened is an application that is put together.
type Opened[U any] struct {
	Auth *latchkey.Auth[U]
	// Stores are what "migrate" migrates, in this order. Default:
	// Auth.Migrators(), the stores among Auth's parts.
	Stores []core.Migrator
	// Close closes what Open has opened, such as the database; nil for
	// nothing. Auth is closed before.
	Close func() error
}

// New returns the commands, as one command that is named like the application,
// to be a root or to be added to one. Its errors say all there is to say; the
// program prints them and exits with their Code.
func New[U any, PU core.Model[U]](app App[U]) *cobra.Command {
	if app.Name == "" {
		app.Name = filepath.Base(os.Args[0])
	}
	t := &tree[U, PU]{app}
	root := group(app.Name, "Operate users, sessions, factors, keys and the database",
		t.users(), t.sessions(), t.factors(), t.apiKeys(), t.audit(), t.migrate(), t.sweep(), keys(), t.imports(), t.doctor())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// Main runs the command of args, for programs without cobra, and returns the
// exit code. It prints errors to the standard error. An interrupt ends the
// command after what it is doing.
func Main[U any, PU core.Model[U]](ctx context.Context, app App[U], args []string) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the process
	root := New[U, PU](app)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(root.ErrOrStderr(), message(root.Name(), err))
	}
	return Code(err)
}

// message is an error as Main prints it.
func message(name string, err error) string {
	if f := (*failure)(nil); errors.As(err, &f) && f.json {
		return err.Error()
	}
	return name + ": " + err.Error()
}

// tree makes the commands of an application.
type tree[U any, PU core.Model[U]] struct{ app App[U] }

// call is one run of a command of an application that is open.
type call[U any] struct {
	*printer
	auth   *latchkey.Auth[U]
	people *latchkey.Manager[U]
	stores []core.Migrator
	args   []string
}

// closeWithin bounds how long the application may take to close, since it sends
// mails that are queued.
const closeWithin = 30 * time.Second

// opened returns what a command does with the application open.
func (t *tree[U, PU]) opened(do func(ctx context.Context, c *call[U]) error) action {
	return func(ctx context.Context, p *printer, args []string) (err error) {
		if t.app.Open == nil {
			return errors.New("App.Open is nil: the program does not say how to open the application")
		}
		app, err := t.app.Open(ctx)
		if err != nil {
			return opening(err)
		}
		c := &call[U]{p, app.Auth, app.Auth.Manager(), app.Stores, args}
		if c.stores == nil {
			c.stores = app.Auth.Migrators()
		}
		defer func() { err = errors.Join(err, closed(ctx, app)) }()
		return c.explained(ctx, do(ctx, c))
	}
}

func closed[U any](ctx context.Context, app *Opened[U]) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	err := app.Auth.Close(ctx)
	if app.Close != nil {
		err = errors.Join(err, app.Close())
	}
	return err
}

// opening is the error of Open: a server that does not answer is not a wrong
// setting.
func opening(err error) error {
	var broken net.Error
	if errors.As(err, &broken) || errors.Is(err, syscall.ECONNREFUSED) {
		return &failure{cause: err, exit: exitUnavailable,
			text: "the application cannot be opened: " + err.Error() + "\n" + hintServer}
	}
	return fmt.Errorf("the application cannot be opened: %w", err)
}

const hintServer = "Is the server running, and are its address and password right?"

// explained adds to the error of a store what to do about it.
func (c *call[U]) explained(ctx context.Context, err error) error {
	if Code(err) != exitUnavailable {
		return err
	}
	what, hint := "a store cannot be reached: ", hintServer
	for _, s := range c.stores {
		if plan, planErr := s.Plan(ctx); planErr == nil && len(plan) > 0 {
			what, hint = "the database cannot answer: ", "It lacks tables, columns or indexes: migrate up makes them."
		}
	}
	return &failure{cause: err, exit: exitUnavailable, text: what + reason(err) + "\n" + hint}
}

// reason is what a store says.
func reason(err error) string {
	if e := (*core.Error)(nil); errors.As(err, &e) && e.Cause != nil {
		return e.Cause.Error()
	}
	return strings.TrimPrefix(err.Error(), "latchkey: ")
}
