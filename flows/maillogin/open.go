package maillogin

import (
	"cmp"
	"context"
	"crypto/subtle"
	"net/netip"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
)

// presented is what a client confirms with: the flows that it has, and a token
// or a code.
type presented struct {
	flows       []string
	token, code string
	pending     string     // of a second factor
	brief       bool       // the login ends with the browser
	asker       netip.Addr // the client's address
	looks       bool       // at a link alone: nothing is used up
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
	brief, badRemember := in.Brief()
	if err := core.AddProblems(err, badFlow, badPending, badToken, badCode, badRemember); err != nil {
		return p, err
	}
	switch {
	case token == "" && code == "":
		return p, core.Invalid(core.Missing("code"))
	case token != "" && code != "":
		return p, core.Invalid(core.BadValue("token", "it excludes a code"))
	}
	p = presented{flows: []string{flow}, token: token, code: code, pending: pending, brief: brief, asker: r.Remote}
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
	guesses := guessesOf(svc, t, l, p.asker)
	if p.token != "" {
		digest := core.Digest(p.token)
		right = subtle.ConstantTimeCompare(digest[:], l.Link) == 1
		if p.looks && right && !l.Dead {
			return nil
		}
		if p.looks {
			return bad()
		}
	} else {
		if digits(p.code) == "" { // it cannot be right, and is no try
			return bad()
		}
		allowed, err := guess(ctx, svc, guesses)
		if err != nil {
			return err
		}
		right = subtle.ConstantTimeCompare(mac(flow, p.code), l.Code) == 1
		if !allowed { // as a wrong one, with the same work; it is no try of the mail
			guesses, t.Digest, right = guesses.Apart(), core.Digest(string(t.Digest[:])), false
		}
	}
	if err := count(ctx, svc, t); err != nil {
		if p.code != "" { // it was not compared
			forgive(ctx, svc, guesses.Refund)
		}
		return err
	}
	if !right || l.Dead {
		return bad()
	}
	forgive(ctx, svc, guesses.Reset)
	return nil
}

const (
	// maxGuesses is how many wrong codes of an address are compared between
	// two confirmations that are right, from one network and from all: of
	// logins, beyond which links alone work, and apart from them of second
	// factors and step-ups.
	maxGuesses    = 100
	maxAllGuesses = 10 * maxGuesses
	// guessWindow is as long as a count of guesses is kept: a thousand in a
	// month find one code in a hundred thousand months.
	guessWindow = 30 * 24 * time.Hour
	// deadWindow is for tickets that nothing opens, of which anybody may
	// have any number.
	deadWindow = time.Hour
)

// guessesOf returns the count of the wrong codes of a ticket's address. Whoever
// has the address alone cannot use up that of its second factor, and from one
// network not that of its owner's logins.
func guessesOf(svc *core.Services, t core.Ticket, l letter, asker netip.Addr) asklimit.Count {
	c := asklimit.Count{
		Limiter: svc.Limiter, What: "mail-login-codes", Subject: t.Email, Asker: asker,
		Each: core.Limit{Events: maxGuesses, Window: guessWindow},
		All:  core.Limit{Events: maxAllGuesses, Window: guessWindow},
	}
	switch {
	case l.Dead:
		c.What, c.Each.Window, c.All.Window = "mail-login-dead-codes", deadWindow, deadWindow
	case t.Purpose != loginPurpose:
		c.What = "mail-prove-codes"
	}
	return c
}

// guess counts a code before it is compared, so that concurrent ones stay
// within the limit, and reports whether it does.
func guess(ctx context.Context, svc *core.Services, guesses asklimit.Count) (allowed bool, err error) {
	wait, err := guesses.Allow(ctx)
	if err != nil {
		return false, core.Unavailable(err)
	}
	if wait > 0 { // for debugging only, as anybody may cause it
		svc.Env.Log.DebugContext(ctx, "latchkey: a code was refused, the address had its share of wrong ones", "wait", wait)
	}
	return wait == 0, nil
}

// forgive takes guesses back. Whatever becomes of that, the answer stays.
func forgive(ctx context.Context, svc *core.Services, back func(context.Context) error) {
	if err := back(context.WithoutCancel(ctx)); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: the count of wrong codes could not be settled", "err", err)
	}
}
