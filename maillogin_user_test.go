package latchkey_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
)

// confirmAtOnce confirms by 64 requests at once, and returns how many succeed.
func confirmAtOnce(v *reader, members map[string]string) int {
	var won atomic.Int64
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range 64 {
		all.Go(func() {
			<-begin
			got := v.post("/mail-login/confirm", members)
			switch {
			case got.status == v.loggedIn():
				won.Add(1)
			case got.body != badCode:
				v.t.Errorf("one of many is answered with %s", got)
			}
		})
	}
	close(begin)
	all.Wait()
	return int(won.Load())
}

func TestOneOfManyConfirmations(t *testing.T) {
	t.Parallel()
	people := map[string]func(*mailApp){
		"verified":   func(a *mailApp) { a.member("ada@example.org") },
		"unverified": func(a *mailApp) { a.member("ada@example.org", func(u *core.User) { u.IsVerified = false }) },
		"M56 nobody": func(*mailApp) {},
	}
	for name, prepare := range people {
		for _, mode := range []maillogin.Mode{maillogin.Code, maillogin.Confirm} {
			for _, by := range []string{"token", "code"} {
				t.Run(name+" "+by, func(t *testing.T) {
					t.Parallel()
					for _, backend := range both {
						a := newMailApp(t, maillogin.Flow{SignUp: true, OtherBrowser: mode})
						prepare(a)
						v := a.reader(backend)
						mail := v.asks("ada@example.org")
						if won := confirmAtOnce(v, in{by: map[string]string{"token": mail.Token, "code": mail.Code}[by]}); won != 1 {
							t.Errorf("%s: %d of 64 have logged in, want 1", backend, won)
						}
						users, _, err := a.users.List(t.Context(), core.Query{Limit: 10})
						if err != nil || len(users) != 1 {
							t.Fatalf("%d users, %v", len(users), err)
						}
						living, err := a.Services().Sessions.List(t.Context(), users[0].ID)
						if err != nil || len(living) != 1 {
							t.Errorf("%d sessions, %v", len(living), err)
						}
					}
				})
			}
		}
	}
}

func TestMailLoginSignsUp(t *testing.T) {
	t.Parallel()
	var refuse error
	var happened []string
	a := newMailApp(t, maillogin.Flow{SignUp: true}, func(_ *mailApp, o *latchkey.Options[Member]) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[Member]) error {
			happened = append(happened, "before "+e.Method)
			if e.User.Nick = "new"; e.User.Email == "moves@example.org" {
				e.User.Email = "Moved@example.org"
			}
			return refuse
		}
		o.Hooks.AfterRegister = func(_ context.Context, e latchkey.Event[Member]) {
			happened = append(happened, "after "+e.User.Email)
		}
		o.Hooks.AfterLogin = func(_ context.Context, e latchkey.Event[Member]) {
			happened = append(happened, "login "+e.Method)
		}
	})
	v := a.reader("web")
	mail := v.asks(" Ada@Example.org ")
	if mail.To != "Ada@Example.org" || mail.User.(*Member).Email != "Ada@Example.org" || mail.User.(*Member).ID != "" {
		t.Errorf("the mail is %#v", mail)
	}
	refuse = core.Refuse("NOT_NOW")
	v.want("/mail-login/confirm", in{"code": mail.Code}, 400, "NOT_NOW")
	refuse = nil
	v.want("/mail-login/confirm", in{"code": mail.Code}, 204, "") // what a hook refuses uses nothing up
	v.is("Ada@Example.org")
	want := []string{"before email", "before email", "after Ada@Example.org", "login email"}
	if !slices.Equal(happened, want) {
		t.Errorf("%q has happened, want %q", happened, want)
	}
	ada, err := a.users.Find(t.Context(), core.ByEmail("ada@example.org"))
	if err != nil || !ada.IsVerified || !ada.IsActive || ada.HashedPassword != "" || ada.Nick != "new" || ada.IsSuperuser {
		t.Errorf("the user is %+v, %v", ada, err)
	}

	v = a.reader("web")
	mail = v.asks("ada@example.org") // who is known by now
	v.want("/mail-login/confirm", in{"token": mail.Token}, 204, "")

	v = a.reader("web")
	mail = v.asks("gone@example.org")
	held := v.cookies["__Host-latchkey-mail"]
	v.want("/mail-login/confirm", in{"token": mail.Token}, 204, "")
	gone, err := a.users.Find(t.Context(), core.ByEmail("gone@example.org"))
	if err != nil || a.users.Delete(t.Context(), gone.ID) != nil {
		t.Fatal(err)
	}
	v.cookies["__Host-latchkey-mail"] = held
	v.want("/mail-login/confirm", in{"token": mail.Token}, 400, badCode) // it makes nobody twice

	v = a.reader("web")
	mail = v.asks("moves@example.org")
	v.want("/mail-login/confirm", in{"token": mail.Token}, 204, "")
	moved, err := a.users.Find(t.Context(), core.ByEmail("moved@example.org"))
	if err != nil || moved.IsVerified {
		t.Errorf("an address that the hook has set is verified: %+v, %v", moved, err)
	}
}

func TestAttackM56AnAddressThatIsRegisteredMeanwhile(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{SignUp: true})
	for _, email := range []string{"ada@example.org", "grace@example.org"} {
		v := a.reader("api")
		mail := v.asks(email)
		if email == "ada@example.org" {
			a.member(email)
			v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
			v.is("")
			continue
		}
		v.want("/mail-login/confirm", in{"code": mail.Code}, 200, "")
	}
}

// Who is not asked to sign up gets no mail, and finds nothing to open.
func TestMailLoginWithoutSignUp(t *testing.T) {
	t.Parallel()
	var put []core.Ticket
	a := newMailApp(t, maillogin.Flow{}, func(a *mailApp, o *latchkey.Options[Member]) {
		o.Tickets = putting{a.tickets, &put}
	})
	v := a.reader("api")
	v.want("/mail-login", in{"email": "nobody@example.org"}, 202, "flow")
	if mails := a.mailed(); len(mails) != 0 || len(put) != 1 || put[0].UserID != "" {
		t.Errorf("%d mails, and the tickets %+v", len(mails), put)
	}
	v.guess(6, core.Mail{Code: "00000000"})
	if failed := a.failed(); len(failed) != 6 || failed[0].User != nil || failed[0].Code != core.CodeMailLoginBadCode {
		t.Errorf("the failed logins are %+v", failed)
	}
}

// purger counts what a squatter has left.
type purger struct {
	onlyFlow
	left *int
}

func (purger) Name() string                                { return "left" }
func (purger) PerBackend() bool                            { return false }
func (purger) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (p purger) Purge(context.Context, string) (int, error) {
	n := *p.left
	*p.left = 0
	return n, nil
}

func TestAttackM36MailLoginTakesAnAccountOver(t *testing.T) {
	t.Parallel()
	for _, verified := range []bool{false, true} {
		for _, by := range []string{"token", "code"} {
			left := 3
			var events []string
			a := newMailApp(t, maillogin.Flow{}, func(_ *mailApp, o *latchkey.Options[Member]) {
				o.Flows = append(o.Flows, purger{left: &left})
				o.Hooks.AfterVerify = func(_ context.Context, e latchkey.Event[Member]) {
					events = append(events, "verified "+e.Method)
				}
				o.Hooks.BeforeLogin = func(_ context.Context, e *latchkey.Event[Member]) error {
					events = append(events, "login "+e.Method)
					return nil
				}
			})
			ada := a.member("ada@example.org", func(u *core.User) { u.IsVerified = verified })
			squatter := a.reader("api")
			squatter.want("/login", in{"username": "ada@example.org", "password": password}, 200, "")
			squatter.is("ada@example.org")
			events = nil

			v := a.reader("web")
			mail := v.asks("ada@example.org")
			v.want("/mail-login/confirm", in{by: map[string]string{"token": mail.Token, "code": mail.Code}[by]}, 204, "")
			v.is("ada@example.org")
			got := a.get(ada.ID)
			if !got.IsVerified || (got.HashedPassword == "") == verified || (left == 0) == verified {
				t.Errorf("verified before: %t; now verified %t, password %q, %d left", verified, got.IsVerified,
					string(got.HashedPassword), left)
			}
			status, who := 400, ""
			want := []string{"verified email", "login email"}
			if verified {
				status, who, want = 200, "ada@example.org", want[1:]
			}
			if !slices.Equal(events, want) {
				t.Errorf("%q has happened, want %q", events, want)
			}
			squatter.is(who)
			a.reader("api").want("/login", in{"username": "ada@example.org", "password": password}, status, "")
		}
	}
}

// The login goes through the gate.
func TestAttackM05MailLoginGoesThroughTheGate(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{}, func(_ *mailApp, o *latchkey.Options[Member]) {
		o.Flows, o.Backends = append(o.Flows, secondFactor{}), o.Backends[:1]
		o.Hooks.BeforeLogin = func(_ context.Context, e *latchkey.Event[Member]) error {
			if e.User.Email == "banned@example.org" {
				return core.Refuse("BANNED")
			}
			return nil
		}
	})
	a.member("ada@example.org")
	a.member("banned@example.org")
	for _, email := range []string{"ada@example.org", "banned@example.org"} {
		v := a.reader("web")
		mail := v.asks(email)
		v.want("/mail-login/confirm", in{"token": mail.Token}, 403, core.CodeLoginFactorRequired)
		v.is("")
		status, body := 204, ""
		if email == "banned@example.org" {
			status, body = 400, "BANNED"
		}
		v.want("/second", in{"code": "123456"}, status, body)
	}
}

func TestMailLoginIsUnavailable(t *testing.T) {
	t.Parallel()
	var fault error
	a := newMailApp(t, maillogin.Flow{}, func(a *mailApp, o *latchkey.Options[Member]) {
		o.Limiter = faulty{o.Limiter, &fault}
	})
	a.member("ada@example.org")
	v := a.reader("api")
	mail := v.asks("ada@example.org")
	fault = errors.New("the limiter is away")
	a.reader("api").want("/mail-login", in{"email": "ada@example.org"}, 503, "")
	v.want("/mail-login/confirm", in{"code": mail.Code}, 503, "") // it could be guessed
	v.want("/mail-login/confirm", in{"token": mail.Token}, 200, "")
}

// faulty is a Limiter that may be away.
type faulty struct {
	core.Limiter
	fault *error
}

func (f faulty) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	if *f.fault != nil {
		return 0, *f.fault
	}
	return f.Limiter.Allow(ctx, key, limits...)
}
