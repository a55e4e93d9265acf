package latchkey

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/clientip"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func (a *Auth[U]) examineOptions(context.Context) (found []Finding) {
	o, base := a.opts, a.svc.Env.BaseURL
	switch {
	case base == nil:
		found = append(found, Finding{
			Code: "NO_BASE_URL", Severity: core.SeverityNote,
			Text: "Options.BaseURL is not set, so no mail can have a link, and no proxy may rewrite Host.",
			Fix:  "Set it to the address at which browsers see the application.",
		})
	case base.Scheme == "http" && isPublic(base):
		found = append(found, Finding{
			Code: "HTTP_BASE_URL", Severity: core.SeverityError,
			Text: "Options.BaseURL begins with http: passwords and tokens travel in the clear, and browsers drop Secure cookies.",
			Fix:  "Serve the application by https, and say so in the URL.",
		})
	}
	if o.InsecureNoLimits {
		found = append(found, Finding{
			Code: "NO_LIMITS", Severity: core.SeverityError, Text: "Options.InsecureNoLimits is set: passwords may be guessed without limit.",
			Fix: "Leave it out; it is for load tests.",
		})
	}
	return slices.Concat(found, a.examineGuesses(), a.examineMemory())
}

// maxGuesses is how many passwords of an account strangers may try in a day
// before that is worth a warning: twice the default.
const maxGuesses = 100

// examineGuesses looks at the limits of wrong passwords.
func (a *Auth[U]) examineGuesses() (found []Finding) {
	o := a.opts
	if o.InsecureNoLimits {
		return nil // which is worse
	}
	if n := guessesADay(o.Limits.LoginFailures); n > maxGuesses {
		found = append(found, Finding{
			Code: "LOGIN_FAILURES", Severity: core.SeverityWarning,
			Text: fmt.Sprintf("Options.Limits.LoginFailures lets strangers try %d passwords of an account in a day.", n),
			Fix:  "Add a limit of a day and one of a month, as the defaults have them.",
		})
	}
	browsers := slices.ContainsFunc(backendInfos(o.Backends), func(b core.BackendInfo) bool { return b.BrowserSent })
	if browsers && o.Tickets == nil {
		found = append(found, Finding{
			Code: "NO_KNOWN_BROWSERS", Severity: core.SeverityWarning,
			Text: "Options.Tickets is not set, so no browser is known: wrong passwords of strangers keep the owner of an account out, too.",
			Fix:  "Set it to the tickets of the store that has the users, or of Redis.",
		})
	}
	return found
}

// guessesADay is how many events limits allow in a day.
func guessesADay(limits []Limit) int {
	least := math.MaxInt
	for _, l := range limits {
		windows := max(1, (day+l.Window-1)/l.Window)
		least = min(least, int(windows)*l.Events)
	}
	return least
}

// examineMemory looks for what a restart, or another process, does not have.
func (a *Auth[U]) examineMemory() (found []Finding) {
	if _, all := core.As[*memstore.Users[U]](a.users); all {
		return []Finding{{
			Code: "MEMORY_USERS", Severity: core.SeverityWarning,
			Text: "Users are kept in this process' memory: a restart forgets them, and no other process, nor a command, sees them.",
			Fix:  "Use a store with a database.",
		}}
	}
	memory := func(code, what string, severity core.Severity) {
		found = append(found, Finding{
			Code: code, Severity: severity,
			Text: what + " in this process' memory: a restart forgets them, and other processes have their own.",
			Fix:  "Use the one of the store that has the users, or of Redis.",
		})
	}
	if _, ok := core.As[*memstore.Tickets](a.opts.Tickets); ok {
		memory("MEMORY_TICKETS", "One-time tokens are kept", core.SeverityWarning)
	}
	if _, ok := core.As[*memstore.Credentials](a.opts.Credentials); ok {
		memory("MEMORY_CREDENTIALS", "Second factors and keys are kept", core.SeverityError)
	}
	if log, err := flowOf[audit.Flow](a.opts.Flows); err == nil {
		if _, ok := core.As[*memstore.Audit](log.Store); ok {
			memory("MEMORY_AUDIT", "Audit records are kept", core.SeverityWarning)
		}
	}
	for _, b := range a.opts.Backends {
		if _, ok := core.As[*memstore.Sessions](b.Strategy); ok {
			memory("MEMORY_SESSIONS", fmt.Sprintf("The sessions of the backend %q are kept", b.Name), core.SeverityWarning)
		}
	}
	if _, ok := core.As[*memstore.Limiter](a.opts.Limiter); ok {
		severity := core.SeverityNote // right for one process
		if s, ok := core.As[core.Shared](a.users); ok && s.Shared() {
			severity = core.SeverityWarning
		}
		memory("MEMORY_LIMITER", "Attempts are counted", severity)
	}
	return found
}

// examineClients says what is known of proxies.
func (a *Auth[U]) examineClients(context.Context) []Finding {
	const fix = "If a proxy stands before the application, set Options.ClientIP: Proxies, Hops or Header."
	switch _, direct := a.opts.ClientIP.(clientip.Direct); {
	case a.clients.noAddress.Load():
		return []Finding{{
			Code: "CLIENTS_UNKNOWN", Severity: core.SeverityWarning,
			Text: "Requests came from a peer without an address: limits count all clients as one.", Fix: fix,
		}}
	case a.clients.ignored.Load():
		return []Finding{{
			Code: "CLIENTS_UNKNOWN", Severity: core.SeverityWarning,
			Text: "A forwarding header came from a peer whose header is not believed: if that is a proxy, limits count all its clients as one.",
			Fix:  fix,
		}}
	case direct && isPublic(a.svc.Env.BaseURL):
		return []Finding{{
			Code: "CLIENTS_DIRECT", Severity: core.SeverityNote,
			Text: "The peer of a connection counts as the client; behind a proxy, limits would count all clients as one.", Fix: fix,
		}}
	}
	return nil
}

func (a *Auth[U]) examineMail(context.Context) []Finding {
	if a.opts.Sender == nil {
		return []Finding{{
			Code: "NO_SENDER", Severity: core.SeverityNote,
			Text: "There is no sender: nobody can verify an address, or replace a forgotten password, by mail.",
			Fix:  "Set Options.Sender, with the flows verify and reset.",
		}}
	}
	if _, ok := core.As[*outbox.Outbox](a.opts.Sender); ok && isPublic(a.svc.Env.BaseURL) {
		return []Finding{{
			Code: "OUTBOX", Severity: core.SeverityError,
			Text: "The sender is the outbox for development: no mail leaves this process.",
			Fix:  "Use senders/smtpsender, or a sender of your own.",
		}}
	}
	return nil
}

// examineLinks compares the links in mails with the pages that Latchkey has.
// The application's own it cannot see.
func (a *Auth[U]) examineLinks(context.Context) (found []Finding) {
	for _, f := range a.opts.Flows {
		var kind mailtoken.Kind
		switch f := f.(type) {
		case verify.Flow:
			kind = mailtoken.New(f.Name(), f.Options)
		case reset.Flow:
			kind = mailtoken.New(f.Name(), f.Options)
		default:
			continue
		}
		path, _, _ := strings.Cut(kind.Link, "#")
		path, _, _ = strings.Cut(path, "?")
		if a.hasPage(path) {
			continue
		}
		found = append(found, Finding{
			Code: "MAIL_LINK", Severity: core.SeverityNote,
			Text: fmt.Sprintf("The link in mails of the flow %s leads to %s, where Latchkey has no page: one of the application's own must post the token.",
				f.Name(), path),
			Fix: "Mount pages, and let their links into the flows; or see to it that the page exists.",
		})
	}
	return found
}

// hasPage reports whether a route answers GET at the end of a path; the prefix
// under which it is mounted is not known.
func (a *Auth[U]) hasPage(path string) bool {
	for _, e := range a.endpoints {
		if e.Method == http.MethodGet && e.Pattern != "" && strings.HasSuffix(path, e.Pattern) {
			return true
		}
	}
	return false
}

// What a hash should take: much less is quick to guess, much more keeps people
// waiting and the cores busy.
const (
	hashFast = 5 * time.Millisecond
	hashSlow = time.Second
)

// examineHashing measures one hash, as a login has it.
func (a *Auth[U]) examineHashing(ctx context.Context) []Finding {
	began := time.Now()
	hash, err := a.svc.Passwords.Hash(ctx, core.Asker{}, "the doctor's own pass phrase")
	took := time.Since(began)
	if err == nil && hash == "" {
		err = errNoHash
	}
	if err != nil {
		return []Finding{{
			Code: "HASHING", Severity: core.SeverityError, Text: "Passwords cannot be hashed: " + err.Error() + ".",
			Fix: "Check the first of Options.Hashers.",
		}}
	}
	at := cmp.Or(a.opts.HashConcurrency, runtime.GOMAXPROCS(0))
	f := Finding{
		Code: "HASH_TIME", Severity: core.SeverityNote,
		Text: fmt.Sprintf("A password takes %v to hash on this machine, and %d are hashed at a time: about %.0f logins a second.",
			took.Round(100*time.Microsecond), at, float64(at)*float64(time.Second)/float64(max(took, time.Microsecond))),
	}
	switch {
	case took < hashFast:
		f.Severity, f.Fix = core.SeverityWarning, "That is quick to guess: use stronger parameters, such as argon2id's defaults."
	case took > hashSlow:
		f.Severity, f.Fix = core.SeverityWarning, "That keeps people waiting: use weaker parameters, or a faster machine."
	}
	return []Finding{f}
}
