package maillogin

import (
	"cmp"
	"context"
	"crypto/subtle"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// presented is what a client confirms with: the flows that it has, and a token
// or a code.
type presented struct {
	flows       []string
	token, code string
	pending     string // of a second factor
}

// present reads the members of a confirmation, and counts it. Without a flow it
// takes those of the browser's cookie.
func (f Flow) present(ctx context.Context, svc *core.Services, r *core.Request) (p presented, err error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return p, err
	}
	flow, _, badFlow := in.String("flow")
	pending, _, badPending := in.String("pending")
	token, _, badToken := in.String("token")
	code, _, badCode := in.String("code")
	if err := core.AddProblems(err, badFlow, badPending, badToken, badCode); err != nil {
		return p, err
	}
	switch {
	case token == "" && code == "":
		return p, core.Invalid(core.Missing("code"))
	case token != "" && code != "":
		return p, core.Invalid(core.BadValue("token", "it excludes a code"))
	}
	p = presented{flows: []string{flow}, token: token, code: code, pending: pending}
	if flow == "" {
		p.flows = browser{svc.Backend}.held(r)
	}
	return p, f.kind().Admit(ctx, svc, r)
}

// tickets are the digests of the tickets that p may open. A link that may be
// confirmed in any browser names its own.
func (f Flow) tickets(purpose string, p presented) (digests [][32]byte, secrets []string) {
	if f.OtherBrowser == Confirm && purpose == loginPurpose {
		if digest, ok := ticketOf(p.token); ok {
			return [][32]byte{digest}, []string{""}
		}
	}
	for _, flow := range p.flows {
		digests = append(digests, core.Digest(flow))
	}
	return digests, p.flows
}

// open returns the ticket that p opens, and uses nothing up but a try of each
// ticket that it does not open. The error is MAIL_LOGIN_BAD_CODE or a 503; with
// it, the ticket is the newest of those that were tried, if any was.
func (f Flow) open(
	ctx context.Context, svc *core.Services, purpose string, p presented,
) (t core.Ticket, l letter, err error) {
	p.code = cmp.Or(digits(p.code), p.code)
	digests, secrets := f.tickets(purpose, p)
	err = bad()
	for i, digest := range digests {
		found, findErr := svc.Tickets.Find(ctx, purpose, digest)
		if findErr != nil {
			if findErr = notOpen(findErr); isBad(findErr) {
				continue
			}
			return t, l, findErr
		}
		of, readErr := letterOf(found)
		if readErr != nil {
			return t, l, readErr
		}
		if of.Backend != svc.Backend.Name {
			continue
		}
		if err = try(ctx, svc, found, of, secrets[i], p); err == nil || !isBad(err) {
			return found, of, err
		}
		if t.Purpose == "" {
			t, l = found, of
		}
	}
	return t, l, err
}

// try compares what is presented with one ticket.
func try(ctx context.Context, svc *core.Services, t core.Ticket, l letter, flow string, p presented) error {
	right := false
	key, limit := guessesOf(t, l)
	if p.token != "" {
		digest := core.Digest(p.token)
		right = subtle.ConstantTimeCompare(digest[:], l.Link) == 1
	} else {
		if digits(p.code) == "" { // it cannot be right, and is no try
			return bad()
		}
		if err := guess(ctx, svc, key, limit); err != nil {
			return err
		}
		right = subtle.ConstantTimeCompare(mac(flow, p.code), l.Code) == 1
	}
	if err := count(ctx, svc, t); err != nil {
		if p.code != "" { // it was not compared
			forgive(ctx, svc, svc.Limiter.Refund, key)
		}
		return err
	}
	if !right || l.Dead {
		return bad()
	}
	forgive(ctx, svc, svc.Limiter.Reset, key)
	return nil
}

const (
	// maxGuesses is how many wrong codes of an address are compared between
	// two confirmations that are right: of logins, beyond which links alone
	// work, and apart from them of second factors and step-ups.
	maxGuesses = 100
	// guessWindow is as long as a count of guesses is kept: a hundred in a
	// month find one code in a million months.
	guessWindow = 30 * 24 * time.Hour
	// deadWindow is for tickets that nothing opens, of which anybody may
	// have any number.
	deadWindow = time.Hour
)

// guessesOf returns the count of the wrong codes of a ticket's address. Whoever
// has the address alone cannot use up that of its second factor.
func guessesOf(t core.Ticket, l letter) (key string, limit core.Limit) {
	if l.Dead {
		return core.LimitKey("mail-login-dead-codes", t.Email), core.Limit{Events: maxGuesses, Window: deadWindow}
	}
	limit = core.Limit{Events: maxGuesses, Window: guessWindow}
	if t.Purpose != loginPurpose {
		return core.LimitKey("mail-prove-codes", t.Email), limit
	}
	return core.LimitKey("mail-login-codes", t.Email), limit
}

// guess counts a code before it is compared, so that concurrent ones stay
// within the limit. Beyond it the answer is that of a wrong code.
func guess(ctx context.Context, svc *core.Services, key string, limit core.Limit) error {
	wait, err := svc.Limiter.Allow(ctx, key, limit)
	if err != nil {
		return core.Unavailable(err)
	}
	if wait > 0 { // for debugging only, as anybody may cause it
		svc.Env.Log.DebugContext(ctx, "latchkey: a code was not compared, the address had its share of wrong ones",
			"wait", wait)
		return bad()
	}
	return nil
}

// forgive takes guesses back. Whatever becomes of that, the answer stays.
func forgive(ctx context.Context, svc *core.Services, back func(context.Context, string) error, key string) {
	if err := back(context.WithoutCancel(ctx), key); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: the count of wrong codes could not be settled", "err", err)
	}
}
