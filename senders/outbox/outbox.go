// Package outbox is a sender for development: it delivers nothing, keeps the
// latest mails in memory and shows them in the developer's own browser.
//
//	box, err := outbox.New(outbox.Options{App: "Acme"})
//	latchkey.New(users, latchkey.Options[Account]{Sender: box, …})
//	mux.Handle("/dev/outbox", box) // a page to open in a browser
//
// Security notes. For development only: whoever reads the outbox can take over
// every account that requested a password reset. It answers requests from this
// machine alone (see [Outbox.ServeHTTP]); a proxy on the same machine that
// hides both the requested host and the client defeats that check. Do not mount
// it in production. Tokens are never logged.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/message"
)

// Options configures an Outbox. The zero value is ready to use.
type Options struct {
	// Templates holds files that replace the built-in ones one by one:
	// <kind>.subject.txt, <kind>.txt, <kind>.html. Default: the built-in
	// ones.
	Templates fs.FS
	// App is the application's name as shown in mails. Default: no name is
	// shown.
	App string
	// Max is how many mails are kept, the latest ones. Default: 100.
	Max int
	// Log receives a line for each mail, with its recipient and kind and
	// without its token. Default: no log.
	Log *slog.Logger
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
}

// Mail is a kept mail. It contains the token and the code in clear text, so
// like core.Mail it must not be logged.
type Mail struct {
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Kind    string    `json:"kind"`
	Token   string    `json:"token"`
	Link    string    `json:"link"` // "" for a mail without one
	Code    string    `json:"code"` // "" for a mail without one
	Text    string    `json:"text"`
	At      time.Time `json:"at"` // UTC
}

// String and GoString keep the token and the code out of logs.
func (m Mail) String() string   { return m.Kind + " mail" }
func (m Mail) GoString() string { return m.String() }

// Outbox is a core.Sender and an http.Handler. It is safe for concurrent use.
type Outbox struct {
	o        Options
	renderer *message.Renderer

	mu    sync.Mutex
	mails []Mail // newest last
}

var _ core.Sender = (*Outbox)(nil)

// New returns an empty outbox. The error joins every problem, including each
// invalid template file.
func New(o Options) (*Outbox, error) {
	renderer, err := message.New(o.Templates, o.App)
	if o.Max < 0 {
		err = errors.Join(err, fmt.Errorf("outbox: Max is %d, it must not be negative", o.Max))
	}
	if err != nil {
		return nil, err
	}
	o.Max = cmp.Or(o.Max, 100)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Outbox{o: o, renderer: renderer}, nil
}

// Send keeps the mail. It returns an error only if a template fails.
func (b *Outbox) Send(ctx context.Context, m core.Mail) error {
	rendered, err := b.renderer.Render(m)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	kept := Mail{To: m.To, Subject: rendered.Subject, Kind: m.Kind, Token: m.Token, Link: m.Link,
		Code: m.Code, Text: rendered.Text, At: b.o.Now().UTC()}
	b.mu.Lock()
	b.mails = append(b.mails, kept)
	b.mails = b.mails[max(0, len(b.mails)-b.o.Max):]
	b.mu.Unlock()
	b.o.Log.InfoContext(ctx, "latchkey: a mail is in the outbox", "to", m.To, "kind", m.Kind)
	return nil
}

// Mails returns the kept mails, newest last.
func (b *Outbox) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}
