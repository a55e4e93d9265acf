// Package message turns a core.Mail into subject, text and HTML by templates.
//
//	r, err := message.New(nil, "Acme") // nil: the built-in templates
//	m, err := r.Render(mail)           // m.Subject, m.Text, m.HTML
//
// A kind of mail has three templates: <kind>.subject.txt and <kind>.txt
// (text/template) and <kind>.html (html/template). They see the fields of
// core.Mail (.To, .Kind, .User, .Token, .Link, .Code, .Lang), where .User is
// the application's own type ({{.User.FullName}}), .App, the application's
// name, .For, the token's lifetime in words ("1 hour"; empty if it is not
// known), .Other, the other address of a change, shortened, and .Where, the
// client that asked, if the kind has one ("Firefox on Linux, address
// 203.0.113.7").
//
// A notice has .Notice (.What, .Subject, .Count, .Others), .When, its time, and
// .Told, its .Title, what has .Happened and what is .Todo if it was somebody
// else, in English.
//
// Security notes. Values are escaped in HTML according to their place. A
// subject is one line without control characters, whatever was put into it. The
// built-in templates show nothing that a user typed, load nothing from the
// network and track nobody. An error of Render is the template's and does not
// hold the token.
package message

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

//go:embed templates
var embedded embed.FS

// Message is a rendered mail. Subject is a single line.
type Message struct{ Subject, Text, HTML string }

// Renderer holds parsed templates. It is safe for concurrent use.
type Renderer struct {
	app   string
	kinds map[string]kind
}

type kind struct{ subject, text, html template }

// template is what text/template and html/template have in common.
type template interface {
	Execute(w io.Writer, data any) error
}

// New parses the application's templates and the built-in ones; a file of the
// application's wins over the built-in one of its name, and files of other
// names add kinds of mail. A nil templates means the built-in ones alone. The
// error names every file that is wrong or missing. What a template asks of
// .User is known only when a mail is rendered.
func New(templates fs.FS, app string) (*Renderer, error) {
	builtIn, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, err
	}
	s := sources{builtIn}
	if templates != nil {
		s = sources{templates, builtIn}
	}
	names, err := s.kinds()
	if err != nil {
		return nil, err
	}
	r := &Renderer{app: app, kinds: map[string]kind{}}
	var errs []error
	for _, name := range names {
		subject, subjectErr := s.parseText(name + ".subject.txt")
		text, textErr := s.parseText(name + ".txt")
		html, htmlErr := s.parseHTML(name + ".html")
		errs = append(errs, subjectErr, textErr, htmlErr)
		r.kinds[name] = kind{subject, text, html}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

// Render makes the message of a mail. It fails for a kind without templates,
// and where a template asks for what .User does not have.
func (r *Renderer) Render(m core.Mail) (Message, error) {
	k, ok := r.kinds[m.Kind]
	if !ok {
		return Message{}, fmt.Errorf("mail templates: there are none for the kind %q", m.Kind)
	}
	data := struct {
		core.Mail
		App, For, Where string
		When            string
		Told            told
	}{m, r.app, words(m.Lifetime), where(m.Client), when(m.Notice.At), tell(m.Notice)}
	var errs []error
	execute := func(t template) string {
		var b strings.Builder
		if err := t.Execute(&b, data); err != nil {
			errs = append(errs, err)
		}
		return b.String()
	}
	out := Message{Subject: oneLine(execute(k.subject)), Text: execute(k.text), HTML: execute(k.html)}
	if err := errors.Join(errs...); err != nil {
		return Message{}, fmt.Errorf("mail templates: %w", err)
	}
	return out, nil
}

// words returns whole days, hours or minutes, rounded down; "" for less than a
// minute. A single day is 24 hours.
func words(d time.Duration) string {
	n, unit := int(d/time.Minute), "minute"
	if n >= 60 && d%time.Hour == 0 {
		n, unit = n/60, "hour"
	}
	if unit == "hour" && n >= 48 && n%24 == 0 {
		n, unit = n/24, "day"
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// when is a time in UTC; "" for none.
func when(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04 UTC")
}

// where names a client's program, system and address. Of its own words only
// those are used that are known.
func where(c core.Client) string {
	var parts []string
	switch browser, system := useragent.Device(c.Label); {
	case browser != "" && system != "":
		parts = append(parts, browser+" on "+system)
	case browser+system != "":
		parts = append(parts, browser+system)
	}
	if c.IP.IsValid() {
		parts = append(parts, "address "+c.IP.Unmap().WithZone("").String())
	}
	return strings.Join(parts, ", ")
}

// oneLine puts a single space where there is white space or a control
// character, so that a subject cannot begin another header.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }),
		" ")
}

// sources are searched in order for a file.
type sources []fs.FS

// kinds are the names before the first dot of all template files.
func (s sources) kinds() ([]string, error) {
	var names []string
	for _, source := range s {
		entries, err := fs.ReadDir(source, ".")
		if err != nil {
			return nil, fmt.Errorf("mail templates: %w", err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".txt") || strings.HasSuffix(e.Name(), ".html") {
				name, _, _ := strings.Cut(e.Name(), ".")
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (s sources) read(file string) (string, error) {
	for _, source := range s {
		b, err := fs.ReadFile(source, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("mail templates: %w", err)
		}
		return string(b), nil
	}
	return "", fmt.Errorf("mail templates: %s is missing", file)
}

func (s sources) parseText(file string) (template, error) {
	source, err := s.read(file)
	if err != nil {
		return nil, err
	}
	t, err := texttemplate.New(file).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	return t, nil
}

func (s sources) parseHTML(file string) (template, error) {
	source, err := s.read(file)
	if err != nil {
		return nil, err
	}
	t, err := htmltemplate.New(file).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	// html/template looks at the HTML itself (an unclosed quote, a value
	// where none is safe) when it first executes. Without data the
	// execution may fail as well, which says nothing.
	var wrong *htmltemplate.Error
	if errors.As(t.Execute(io.Discard, nil), &wrong) {
		return nil, fmt.Errorf("mail templates: %w", wrong)
	}
	return t, nil
}
