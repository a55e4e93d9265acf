package latchkey_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
)

// A program that opens, and clicks, what is in mails has no flow.
func TestScannersUseNothingUp(t *testing.T) {
	t.Parallel()
	for _, backend := range both {
		for _, by := range []string{"token", "code"} {
			t.Run("M11 M50 "+backend+" "+by, func(t *testing.T) {
				t.Parallel()
				scanned(t, backend, by)
			})
		}
	}
}

func scanned(t *testing.T, backend, by string) {
	a := newMailApp(t, maillogin.Flow{})
	a.member("ada@example.org")
	v, scanner := a.reader(backend), a.reader(backend)
	mail := v.asks("ada@example.org")
	for range 100 {
		scanner.want("/mail-login/confirm", in{"token": mail.Token}, 400, badCode)
		got := scanner.do(http.MethodGet, "/auth/"+backend+"/mail-login/confirm?token="+mail.Token, "")
		if got.status != 405 {
			t.Fatalf("GET is %s", got)
		}
	}
	// Nor does one that has a flow of its own.
	other := a.reader(backend)
	other.asks("ada@example.org")
	other.want("/mail-login/confirm", in{"token": mail.Token}, 400, badCode)
	other.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
	v.want("/mail-login/confirm", in{by: map[string]string{"token": mail.Token, "code": mail.Code}[by]}, v.loggedIn(), "")
}

func TestAttackM51FiveTriesAMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before  func(*reader, core.Mail)
		refused bool
	}{
		"four wrong ones":        {func(v *reader, m core.Mail) { v.guess(4, m) }, false},
		"five wrong ones":        {func(v *reader, m core.Mail) { v.guess(5, m) }, true},
		"many at once":           {func(v *reader, m core.Mail) { v.guessAtOnce(64, m) }, true},
		"any number of no codes": {func(v *reader, _ core.Mail) { v.noCodes(20) }, false},
		"five wrong links": {func(v *reader, m core.Mail) {
			for i := range 5 {
				v.want("/mail-login/confirm", in{"token": strings.Repeat(string('A'+rune(i)), 43)}, 400, badCode)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, backend := range both {
				a := newMailApp(t, maillogin.Flow{})
				a.member("ada@example.org")
				v := a.reader(backend)
				mail := v.asks("ada@example.org")
				c.before(v, mail)
				if c.refused {
					v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
					v.want("/mail-login/confirm", in{"token": mail.Token}, 400, badCode)
				} else {
					v.want("/mail-login/confirm", in{"code": mail.Code}, v.loggedIn(), "")
				}
			}
		})
	}
}

func (v *reader) guess(n int, m core.Mail) {
	v.t.Helper()
	for range n {
		v.want("/mail-login/confirm", in{"code": wrong(m)}, 400, badCode)
	}
}

func (v *reader) guessAtOnce(n int, m core.Mail) {
	v.t.Helper()
	var all sync.WaitGroup
	for range n {
		all.Go(func() { v.want("/mail-login/confirm", in{"code": wrong(m)}, 400, badCode) })
	}
	all.Wait()
}

func (v *reader) noCodes(n int) {
	v.t.Helper()
	for range n {
		for _, code := range []string{
			"1234567", "123456789", "+1234567", "1234567a", "١٢٣٤٥٦٧٨", "１２３４５６７８", "1e10", "1234_567", strings.Repeat("1", 10_000),
		} {
			v.want("/mail-login/confirm", in{"code": code}, 400, badCode)
		}
	}
}

// A code is what people type, and text.
func TestAttackM02CodesAreNormalisedOnce(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	a.member("ada@example.org")
	for _, form := range []string{"%s%s", " %s %s ", "%s-%s"} {
		v := a.reader("api")
		mail := v.asks("ada@example.org")
		number := `{"flow": "` + v.flow + `", "code": 1` + mail.Code[1:] + `}`
		if got := v.do("POST", "/auth/api/mail-login/confirm", number); got.status != 422 {
			t.Errorf("a number is answered with %s", got)
		}
		v.want("/mail-login/confirm", in{"code": fmt.Sprintf(form, mail.Code[:4], mail.Code[4:])}, 200, "")
	}
}

// putting is a TicketStore that keeps what is put.
type putting struct {
	core.TicketStore
	put *[]core.Ticket
}

func (p putting) Put(ctx context.Context, t core.Ticket, replace bool) error {
	*p.put = append(*p.put, t)
	return p.TicketStore.Put(ctx, t, replace)
}

// What is stored does not yield the code to a search of all codes.
func TestAttackM52ACopyOfTheDatabase(t *testing.T) {
	t.Parallel()
	var put []core.Ticket
	a := newMailApp(t, maillogin.Flow{}, func(a *mailApp, o *latchkey.Options[Member]) {
		o.Tickets = putting{a.tickets, &put}
	})
	ada := a.member("ada@example.org")
	v := a.reader("api")
	mail := v.asks("ada@example.org")
	if len(put) != 1 || put[0].UserID != ada.ID {
		t.Fatalf("the tickets are %+v", put)
	}
	ticket := put[0]
	for _, secret := range []string{mail.Code, mail.Token, v.flow} {
		if bytes.Contains(ticket.Data, []byte(secret)) {
			t.Errorf("the ticket has a secret in clear: %s", ticket.Data)
		}
	}
	var kept struct{ Link, Code []byte }
	if err := json.Unmarshal(ticket.Data, &kept); err != nil || len(kept.Code) != 32 {
		t.Fatalf("the ticket's data are %s", ticket.Data)
	}
	known := []string{
		"", string(ticket.Digest[:]), hex.EncodeToString(ticket.Digest[:]), base64.RawURLEncoding.EncodeToString(ticket.Digest[:]),
		string(kept.Link), ticket.UserID, ticket.Email, ticket.Purpose, "web", "api",
	}
	for _, key := range known {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(mail.Code))
		for _, text := range []string{key + mail.Code, mail.Code + key} {
			if digest := sha256.Sum256([]byte(text)); bytes.Equal(digest[:], kept.Code) || hmac.Equal(h.Sum(nil), kept.Code) {
				t.Errorf("the code is found by %q", key)
			}
		}
	}
	h := hmac.New(sha256.New, []byte(v.flow)) // the twin: who asked could find it
	h.Write([]byte(mail.Code))
	if !hmac.Equal(h.Sum(nil), kept.Code) {
		t.Error("the code is kept in another way than this test expects")
	}
}

func TestAttackM55WhatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	set := func(edit func(*core.User)) func(*mailApp, string) {
		return func(a *mailApp, id string) { a.set(id, edit) }
	}
	for name, c := range map[string]struct {
		happens func(*mailApp, string)
		refused bool
	}{
		"nothing":            {func(*mailApp, string) {}, false},
		"another name":       {func(a *mailApp, id string) { a.set(id, func(*core.User) {}) }, false},
		"the address":        {set(func(u *core.User) { u.Email, u.EmailKey = "eve@example.org", "eve@example.org" }), true},
		"the epoch":          {set(func(u *core.User) { u.TokenEpoch++ }), true},
		"the activity":       {set(func(u *core.User) { u.IsActive = false }), true},
		"a suspension":       {set(func(u *core.User) { u.SuspendedUntil = time.Now().Add(time.Hour) }), true},
		"the user's end":     {func(a *mailApp, id string) { _ = a.users.Delete(a.t.Context(), id) }, true},
		"nine minutes":       {func(a *mailApp, _ string) { a.clock.Advance(10*time.Minute - time.Second) }, false},
		"ten minutes":        {func(a *mailApp, _ string) { a.clock.Advance(10 * time.Minute) }, true},
		"verified meanwhile": {set(func(u *core.User) { u.IsVerified = !u.IsVerified }), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verified := range []bool{true, false} {
				for _, by := range []string{"token", "code"} {
					a := newMailApp(t, maillogin.Flow{})
					ada := a.member("ada@example.org", func(u *core.User) { u.IsVerified = verified })
					v := a.reader("web")
					mail := v.asks("ada@example.org")
					c.happens(a, ada.ID)
					status, body := 204, ""
					if c.refused {
						status, body = 400, badCode
					}
					v.want("/mail-login/confirm", in{by: map[string]string{"token": mail.Token, "code": mail.Code}[by]}, status, body)
				}
			}
		})
	}
}

func TestAttackM55AnotherBackend(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	a.member("ada@example.org")
	for i, backend := range both {
		v := a.reader(backend)
		mail := v.asks("ada@example.org")
		elsewhere := a.reader(both[1-i])
		elsewhere.want("/mail-login/confirm", in{"flow": v.flow, "code": mail.Code}, 400, badCode)
		elsewhere.want("/mail-login/confirm", in{"flow": v.flow, "token": mail.Token}, 400, badCode)
		v.want("/mail-login/confirm", in{"code": mail.Code}, v.loggedIn(), "")
	}
}

// Whoever has no address is not found by one.
func TestAttackM92AUserWithoutAnAddress(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	nobody := a.member("", func(u *core.User) { u.Email, u.EmailKey = "", "" })
	a.member("ada@example.org")
	v := a.reader("web")
	v.want("/mail-login", in{"email": ""}, 422, "")
	v.want("/mail-login", in{"email": "nobody@example.org"}, 202, `"expires_in":600`)
	if mails := a.mailed(); len(mails) != 0 {
		t.Errorf("%d mails were sent", len(mails))
	}
	admission, err := a.Manager().Login(t.Context(), nobody.ID, "api", nil,
		core.Proof{Method: "password", At: a.clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	v = a.reader("api")
	v.token = admission.Token.Raw
	v.want("/prove/mail", nil, 403, "Forbidden")
}
