package notices_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/internal/factortest"
)

// mailbox is a sender that keeps what it is given.
type mailbox struct {
	mu    sync.Mutex
	mails []core.Mail
}

func (b *mailbox) Send(_ context.Context, m core.Mail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	return nil
}

// take returns what came since, in the order of what happened.
func (b *mailbox) take(t *testing.T, a *factortest.App) (all []string) {
	t.Helper()
	if err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.SortStableFunc(b.mails, func(a, b core.Mail) int { return a.Notice.At.Compare(b.Notice.At) })
	for _, m := range b.mails {
		n := m.Notice
		all = append(all, fmt.Sprint(n.What, " ", n.Subject, " ", n.Count, " ", n.Others, " ", m.Client.Label))
	}
	b.mails = nil
	return all
}

func TestInAnApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &mailbox{}
		a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
			o.Flows = []latchkey.Flow{totp.Flow{}, recovery.Flow{}, trusted.Flow{}, notices.Flow{}}
			o.Sender = box
		})
		want := func(all ...string) {
			t.Helper()
			if got := box.take(t, a); !slices.Equal(got, all) {
				t.Errorf("got the notices %q, want %q", got, all)
			}
		}
		c := a.Client("web")
		c.Header.Set("User-Agent", "me")
		secret := c.Enrol(factortest.Ada)
		want("factor_added totp 0 false me")
		codes := c.Ask("/recovery-codes", "", 200, "")["codes"].([]any)
		want("factor_added recovery 0 false me")
		c.Ask("/trusted-devices", "", 201, "")
		want("browser_trusted  0 false me")

		// Five wrong codes in a row, over logins and step-ups, are one.
		thief := a.Client("web")
		thief.Header.Set("User-Agent", "thief")
		for range 2 {
			thief.First(factortest.Ada)
			thief.Ask("/totp", `{"code": "000000"}`, 400, core.CodeFactorBadCode)
			thief.Ask("/totp", `{"code": "000000"}`, 400, core.CodeFactorBadCode)
		}
		want()
		c.Ask("/prove/totp", `{"code": "000000"}`, 400, core.CodeFactorBadCode)
		want("factor_failures totp 5 false me")
		c.Ask("/prove/totp", `{"code": "000000"}`, 400, core.CodeFactorBadCode)
		want()
		factortest.Step()
		c.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 204, "")
		for range 4 {
			c.Ask("/prove/totp", `{"code": "000000"}`, 400, core.CodeFactorBadCode)
		}
		want()
		c.Ask("/prove/totp", `{"code": "000000"}`, 400, core.CodeFactorBadCode)
		want("factor_failures totp 5 false me")

		// So are recovery codes; a right one begins the count anew.
		other := a.Client("web")
		other.Header.Set("User-Agent", "other")
		wrong := func(n int) {
			for range n {
				pending := other.First(factortest.Ada)
				other.Ask("/recovery", fmt.Sprintf(`{"pending": %q, "code": "0000-0000-0000-0000"}`, pending), 400,
					core.CodeFactorBadCode)
			}
		}
		use := func(code any) {
			pending := other.First(factortest.Ada)
			other.Ask("/recovery", fmt.Sprintf(`{"pending": %q, "code": %q}`, pending, code), 204, "")
		}
		wrong(4)
		want()
		use(codes[0])
		want("recovery_used  9 false other")
		wrong(4)
		want()
		wrong(1)
		want("factor_failures recovery 5 false other")
		use(codes[1])
		want("recovery_used  8 false other")

		other.Send("PATCH", "/users/me", `{"password": "`+factortest.Password+`"}`, 200, "")
		want("password_changed  0 false other")
		for _, f := range other.Factors() {
			if f["kind"] == "totp" {
				other.Send("DELETE", "/auth/factors/"+f["id"].(string), "", 204, "")
			}
		}
		want("factor_removed totp 0 false other")
		password := factortest.Password
		_, err := a.Manager().Update(t.Context(), a.Ada.ID, latchkey.Changes[factortest.Member]{Password: &password})
		if err != nil {
			t.Fatal(err)
		}
		want("password_changed  0 true ")
	})
}
