package latchkey_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// A mailbox is no way around a factor that is better.
func TestAttackM30MailInPlaceOfABetterFactor(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, asksPasswords, func(_ *mailApp, o *latchkey.Options[Member]) {
		o.Flows, o.Backends = append(o.Flows, secondFactor{}), o.Backends[1:]
	})
	a.member("ada@example.org")
	v := a.reader("api")
	v.want("/login", in{"username": "ada@example.org", "password": password}, 403, `"factors":["second"]`)
	v.want("/mail", nil, 403, `"Forbidden"`)
	v.flow = strings.Repeat("A", 43)
	v.want("/mail/confirm", in{"code": "12345678"}, 403, `"Forbidden"`)
	if mails := a.mailed(); len(mails) != 0 {
		t.Errorf("%d mails were sent", len(mails))
	}
	v.want("/second", in{"pending": v.pending, "code": "123456"}, 200, "")
}

// waiver spares each login its factors.
type waiver struct{}

func (waiver) Name() string                                       { return "waiver" }
func (waiver) PerBackend() bool                                   { return false }
func (waiver) Routes(*core.Services) ([]core.Route, error)        { return nil, nil }
func (waiver) Waives(context.Context, core.Attempt) (bool, error) { return true, nil }

// Nor is it one in a login that was spared the better factor.
func TestAttackM30MailAsAStepUpInPlaceOfABetterFactor(t *testing.T) {
	t.Parallel()
	for _, better := range []bool{true, false} {
		a := newMailApp(t, asksPasswords, func(_ *mailApp, o *latchkey.Options[Member]) {
			o.Flows, o.Backends = append(o.Flows, waiver{}), o.Backends[1:]
			if better {
				o.Flows = append(o.Flows, secondFactor{})
			}
		})
		a.member("ada@example.org")
		v := a.reader("api")
		v.want("/login", in{"username": "ada@example.org", "password": password}, 200, "")
		if better {
			v.want("/prove/mail", nil, 403, `"Forbidden"`)
			if mails := a.mailed(); len(mails) != 0 {
				t.Errorf("%d mails were sent for nothing", len(mails))
			}
		} else {
			mail := v.asksTo("/prove/mail")
			v.want("/prove/mail/confirm", in{"code": mail.Code}, 200, "")
		}
	}
}

// Nor in a login without a proof, as of an imported token, or where the user
// has got the better factor since the mail was sent.
func TestAttackM30MailAsAFirstProofInPlaceOfABetterFactor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		proofs       []core.Proof
		asks, later  bool
		begun, ended int
	}{
		{nil, false, false, 202, 200},
		{nil, true, true, 403, 0},
		{nil, false, true, 202, 403},
		{[]core.Proof{{Method: core.MethodOAuth + "acme"}}, false, false, 202, 200},
		{[]core.Proof{{Method: core.MethodOAuth + "acme"}}, true, true, 403, 0},
		{[]core.Proof{{Method: core.MethodEmail}}, false, true, 202, 403},
	} {
		switched := &switchedFactor{on: c.asks}
		a := newMailApp(t, asksPasswords, func(_ *mailApp, o *latchkey.Options[Member]) {
			o.Flows, o.Backends = append(o.Flows, switched), o.Backends[1:]
		})
		ada := a.member("ada@example.org")
		token, err := a.sessions.Issue(t.Context(), core.Login{Session: core.Session{
			UserID: ada.ID, Backend: "api", Proofs: c.proofs,
		}})
		if err != nil {
			t.Fatal(err)
		}
		v := a.reader("api")
		v.token = token.Raw
		v.want("/prove/mail", nil, c.begun, "")
		mails := a.mailed()
		if switched.on = c.later; c.ended == 0 {
			if len(mails) != 0 {
				t.Errorf("%v: %d mails were sent for nothing", c.proofs, len(mails))
			}
			continue
		}
		v.want("/prove/mail/confirm", in{"code": mails[0].Code}, c.ended, "")
	}
}

// switchedFactor is one that asks whoever has not proved it, once it is on.
type switchedFactor struct {
	secondFactor
	on bool
}

func (f *switchedFactor) Asks(_ context.Context, _ core.AnyUser, done []core.Proof) (bool, error) {
	return f.on && !slices.ContainsFunc(done, func(p core.Proof) bool { return p.Method == "second" }), nil
}
