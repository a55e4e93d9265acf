package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// printer writes what a command has to say: results to the standard output,
// everything else to the standard error.
type printer struct {
	cmd      *cobra.Command
	in       io.Reader
	out, err io.Writer
	json     bool
}

func newPrinter(c *cobra.Command, asJSON bool) *printer {
	return &printer{c, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr(), asJSON}
}

// isTerminal reports whether a person is at the other end.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// object prints one object as a line of JSON.
func (p *printer) object(v any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := p.out.Write(harmless(line.Bytes()))
	return err
}

// say prints a line for people, and nothing with --json, where object does. A
// text among args stays in the line, whatever it holds.
func (p *printer) say(format string, args ...any) error {
	return p.text(fmt.Sprintf(format, oneLine(args)...))
}

// text prints lines for people.
func (p *printer) text(lines string) error {
	if p.json {
		return nil
	}
	_, err := fmt.Fprintln(p.out, clean(lines, true))
	return err
}

// note prints a line for people beside the results.
func (p *printer) note(format string, args ...any) {
	if p.json {
		return
	}
	_, _ = fmt.Fprintln(p.err, fmt.Sprintf(format, oneLine(args)...))
}

func oneLine(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = clean(s, false)
		}
	}
	return args
}

// table aligns rows; it keeps the widths that it had.
type table struct {
	p      *printer
	widths []int
}

// print prints rows, of which none may have more cells than the first.
func (t *table) print(rows ...[]string) error {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = clean(cell, false)
			if i == len(t.widths) {
				t.widths = append(t.widths, 0)
			}
			t.widths[i] = max(t.widths[i], width(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", t.widths[i]-width(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(t.p.out, b.String())
	return err
}

// width is how many columns a text takes; marks stand above letters.
func width(s string) (n int) {
	for _, r := range s {
		if !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Me, r) {
			n++
		}
	}
	return n
}

// clean is a text as a terminal may print it: what drives one (control
// characters, C1 too), what turns lines around (bidirectional controls) and
// what is no UTF-8 is escaped. Line breaks and tabs stay where lines says so.
func clean(s string, lines bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case (r == '\n' || r == '\t') && lines, unicode.IsGraphic(r) && r != utf8.RuneError:
			b.WriteRune(r)
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(s[i:])
			if size > 1 {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// harmless is JSON in which everything that clean escapes is escaped too, which
// the decoder undoes. Outside of strings JSON has no such characters but line
// breaks.
func harmless(line []byte) []byte {
	if !bytes.ContainsFunc(line, risky) {
		return line
	}
	var b bytes.Buffer
	for _, r := range string(line) {
		switch {
		case !risky(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

func risky(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }

// moment is a time for people.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// yes is a flag for people.
func yes(flag bool) string {
	if flag {
		return "yes"
	}
	return "no"
}
