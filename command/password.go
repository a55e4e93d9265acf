package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// secretMax bounds what is read of a password; the policy refuses less.
const secretMax = 64 << 10

// passwordFlags are the ways to a password that is no argument.
type passwordFlags struct{ stdin, link, none bool }

func (f *passwordFlags) add(c *cobra.Command, none bool) {
	c.Flags().BoolVar(&f.stdin, "password-stdin", false, "read the password from the standard input")
	c.Flags().BoolVar(&f.link, "link", false, "set no password, and print a one-time link to set it")
	ways := []string{"password-stdin", "link"}
	if none {
		c.Flags().BoolVar(&f.none, "no-password", false, "set no password: the user logs in by other means")
		ways = append(ways, "no-password")
	}
	exclusive(c, ways...)
}

// password returns the password that the flags lead to, "" for none.
func (f *passwordFlags) password(ctx context.Context, p *printer) (string, error) {
	switch {
	case f.link || f.none:
		return "", nil
	case f.stdin:
		return p.standardInput()
	}
	in, ok := p.in.(*os.File)
	if !ok || !isTerminal(in) {
		return "", usage("there is no terminal to ask for a password: use --password-stdin, or --link for a one-time link")
	}
	first, err := p.secret(ctx, in, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := p.secret(ctx, in, "Again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	if first == "" {
		return "", errors.New("the password is empty; nothing was changed")
	}
	return first, nil
}

// standardInput reads a password up to the end, without the last line break.
func (p *printer) standardInput() (string, error) {
	b, err := io.ReadAll(io.LimitReader(p.in, secretMax+1))
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if text == "" || len(b) > secretMax {
		return "", usage("the standard input is empty, or is too long for a password")
	}
	return text, nil
}

// secret asks for a line without showing it. The terminal shows again what is
// typed however the question ends.
func (p *printer) secret(ctx context.Context, in *os.File, question string) (string, error) {
	fd := int(in.Fd()) // before the read, which may outlast an interrupt
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer fmt.Fprintln(p.err) // the line break that was not shown
	fmt.Fprint(p.err, question)
	return awaited(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	}, func() { _ = term.Restore(fd, state) })
}

// confirm asks a question that only yes answers. Without a terminal it is a
// wrong usage.
func (p *printer) confirm(ctx context.Context, question string) error {
	in, ok := p.in.(*os.File)
	if !ok || !isTerminal(in) {
		return usage("there is no terminal to ask whether you are sure: use --yes")
	}
	fmt.Fprint(p.err, clean(question, false)+" [y/N] ")
	line, err := awaited(ctx, func() (string, error) { return bufio.NewReader(in).ReadString('\n') }, func() {})
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if line = strings.ToLower(strings.TrimSpace(line)); line != "y" && line != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

// awaited returns what read does, or the error of ctx after undo: a terminal
// does not end a read.
func awaited(ctx context.Context, read func() (string, error), undo func()) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		undo()
		return "", ctx.Err()
	}
}

// linkable returns why a link could not be made, or would lead nowhere.
func (c *call[U]) linkable() error {
	svc := c.auth.Services()
	if _, ok := svc.Pages.Route("reset:reset_password"); !ok {
		return errors.New("the application cannot make a link to set a password: reset.Flow is not in Options.Flows")
	}
	if _, ok := core.As[*memstore.Tickets](svc.Tickets); ok {
		return errors.New("the application keeps one-time tokens in its memory: a link that is made here would not work there; " +
			"set Options.Tickets to a store with a database")
	}
	return nil
}
