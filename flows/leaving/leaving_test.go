package leaving_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

const grace = 14 * 24 * time.Hour

// everywhere runs a test over a store without transactions, and over one with.
func everywhere(t *testing.T, change func(*options), test func(t *testing.T, a app)) {
	for name, open := range map[string]func(*testing.T, func(*options)) app{"memory": newApp, "transactions": separate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, open(t, change)) })
		})
	}
}

func TestWhoLeavesIsLoggedOutAndMailed(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, a app) {
		other, mine := a.loggedIn("web"), a.loggedIn("api")
		answer := mine.Send("DELETE", "/users/me", "", 202, "")
		until, err := time.Parse(time.RFC3339, answer["until"].(string))
		if want := time.Now().Add(grace); err != nil || !until.Equal(want) {
			t.Errorf("until %v, %v, want %v", until, err, want)
		}
		mine.Me(401)
		other.Me(401)
		mine.Send("DELETE", "/users/me", "", 401, "")
		m := a.mails(core.MailLeaving)
		if len(m) != 1 || m[0].To != factortest.Ada || m[0].Lifetime != grace || !m[0].Client.IP.IsValid() ||
			!strings.HasPrefix(m[0].Link, "https://app.example.org/leaving/undo#token=") {
			t.Errorf("the mails are %+v", m)
		}
		c := a.Client("api")
		a.logsIn(c, factortest.Password, 400, core.SuspendedForLeaving)
		a.logsIn(c, "not the password", 400, core.CodeLoginBadCredentials)
		c.Send("POST", "/auth/register", `{"email": "ada@example.org", "password": "another one entirely"}`, 400,
			core.CodeRegisterUserExists)
		c.Send("POST", "/auth/forgot-password", `{"email": "ada@example.org"}`, 202, "")
		if m := a.mails(core.MailReset); len(m) > 0 {
			t.Error("a reset mail was sent")
		}
		time.Sleep(grace - time.Microsecond)
		a.sweeps(0)
		if !a.there() {
			t.Error("the account was removed before its time")
		}
	})
}

func TestM85Undo(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, a app) {
		a.leave()
		token := a.token()
		a.undo("made up", 400)
		time.Sleep(grace - time.Microsecond)
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		for range 8 {
			wg.Go(func() {
				w := a.Client("api").Do(a, "POST", "/auth/leaving/undo", `{"token": "`+token+`"}`)
				mu.Lock()
				defer mu.Unlock()
				got[w.Code]++
			})
		}
		wg.Wait()
		if got[200] != 1 || got[400] != 7 {
			t.Errorf("8 at once: %v", got)
		}
		a.undo(token, 400)
		a.loggedIn("web").Me(200)
		time.Sleep(grace)
		if _, err := a.Sweep(t.Context()); err != nil || !a.there() {
			t.Errorf("an account that was kept was removed, %v", err)
		}
		if _, err := a.Sweep(t.Context()); err != nil { // the mark, which means nothing any more
			t.Error(err)
		}
		a.sweeps(0)
	})
}

func TestSweepRemovesWhoHasLeft(t *testing.T) {
	t.Parallel()
	deleted := 0
	hooks := latchkey.Hooks[member]{AfterDelete: func(_ context.Context, e latchkey.Event[member]) {
		if e.Actor.Kind != "system" || e.User.Email != factortest.Ada {
			t.Errorf("deleted: %+v", e)
		}
		deleted++
	}}
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, func(o *options) { o.Hooks = hooks })
		a.User("eve@example.org")
		a.leave()
		token := a.token()
		time.Sleep(grace)
		a.undo(token, 400) // the time is over, whenever Sweep comes
		if n, err := a.Sweep(t.Context()); n < 1 || err != nil || a.there() {
			t.Errorf("Sweep deleted %d, %v, the account is there: %v", n, err, a.there())
		}
		a.undo(token, 400)
		if m := a.mails(core.MailDeleted); len(m) != 1 || m[0].To != factortest.Ada || deleted != 1 {
			t.Errorf("%d were deleted, the mails are %+v", deleted, m)
		}
		a.Client("api").Send("POST", "/auth/register", `{"email": "ada@example.org", "password": "another one entirely"}`,
			201, "")
		a.sweeps(0)
	})
}

func TestOfSweepsAtOnceOneRemoves(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, a app) {
		a.leave()
		a.mails(core.MailLeaving)
		time.Sleep(grace)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := a.Sweep(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m := a.mails(core.MailDeleted); a.there() || len(m) < 1 {
			t.Errorf("there: %v, and %d mails", a.there(), len(m))
		}
	})
}

func TestWhoLeavesAgain(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, a app) {
		a.leave()
		first := a.token()
		time.Sleep(grace / 2)
		a.undo(first, 200)
		a.leave()
		second := a.token()
		a.undo(first, 400)
		time.Sleep(grace / 2)
		if _, err := a.Sweep(t.Context()); err != nil || !a.there() {
			t.Errorf("removed at the end of the first time: %v", err)
		}
		a.undo(second, 200)
		a.leave()
		time.Sleep(grace)
		if _, err := a.Sweep(t.Context()); err != nil || a.there() {
			t.Errorf("not removed: %v", err)
		}
	})
}

func TestManagerUndoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		a.leave()
		u, err := a.Manager().UndoLeaving(t.Context(), a.token())
		if err != nil || u.ID != a.Ada.ID || u.Leaving() {
			t.Errorf("got %+v, %v", u, err)
		}
		_, err = a.Manager().UndoLeaving(t.Context(), a.token())
		if !errors.Is(err, core.Refuse(core.CodeLeavingBadToken)) {
			t.Errorf("again: %v", err)
		}
		a.Restart(func(o *options) { o.Flows = []latchkey.Flow{reset.Flow{}} })
		if _, err := a.Manager().UndoLeaving(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "flow leaving") {
			t.Errorf("without the flow: %v", err)
		}
	})
}

// lasting sets the Grace.
func lasting(grace time.Duration) func(*options) {
	return func(o *options) { o.Flows = []latchkey.Flow{leaving.Flow{Grace: grace}} }
}

// noPager has no pages.
type noPager struct{ core.CredentialStore }

func TestNewReportsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*options){
		"flow leaving needs Options.SelfDelete":  func(o *options) { o.SelfDelete = false },
		"flow leaving needs Options.Credentials": func(o *options) { o.Credentials = noPager{memstore.NewCredentials(nil)} },
		"at most 90 days":                        lasting(91 * 24 * time.Hour),
		"at least a minute":                      lasting(time.Second),
		"flow leaving needs Options.BaseURL":     func(o *options) { o.BaseURL = "" },
		"":                                       lasting(90 * 24 * time.Hour),
	} {
		o := options{
			SelfDelete: true, Flows: []latchkey.Flow{leaving.Flow{}}, Credentials: memstore.NewCredentials(nil),
			Tickets: memstore.NewTickets(nil), Sender: &box{}, BaseURL: "https://app.example.org",
			Backends: []latchkey.Backend{newBackend(t)},
		}
		change(&o)
		_, err := latchkey.New(memstore.NewUsers[member](), o)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", want, err)
		}
	}
}
