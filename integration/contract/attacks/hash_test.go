package attacks_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/internal/message"
)

// crowd is a hasher that counts how many of its calls there are at once.
type crowd struct {
	harness.FakeHasher
	now, most atomic.Int64
}

func (h *crowd) enter() (leave func()) {
	n := h.now.Add(1)
	for {
		most := h.most.Load()
		if n <= most || h.most.CompareAndSwap(most, n) {
			return func() { h.now.Add(-1) }
		}
	}
}

func (h *crowd) Hash(password string) (core.PasswordHash, error) {
	defer h.enter()()
	return h.FakeHasher.Hash(password)
}

func (h *crowd) Verify(hash core.PasswordHash, password string) (bool, error) {
	defer h.enter()()
	return h.FakeHasher.Verify(hash, password)
}

// TestAttackG07Flood counts hashes at once, each of which would take 19 MiB,
// instead of looking at the memory that the process has. The governor depends
// on neither adapters nor stores, so one combination stands for all. Nothing is
// hashed until all that is too much is refused.
func TestAttackG07Flood(t *testing.T) {
	const logins, room = 500, 1 + 64 // one is hashed, the others wait
	hasher := &crowd{FakeHasher: harness.FakeHasher{Hold: make(chan struct{})}}
	a := harness.NewApp(t, harness.OnChi, harness.SQLite, func(_ *harness.App, o *harness.Options) {
		o.Hashers, o.HashConcurrency, o.InsecureNoLimits = []core.Hasher{hasher}, 1, true
	})
	u := a.NewUser(t)
	t.Run("G07 500 logins at once", func(t *testing.T) {
		hashed, refused := 0, 0
		for got := range a.SendAtOnce(t, logins, "POST", "/auth/session/login", func(i int) harness.Option {
			if i%2 == 0 {
				return harness.LoginForm(u.Email, harness.Password)
			}
			return harness.LoginForm("nobody@example.org", harness.OtherPassword)
		}) {
			got.WantInvariants(t, "/auth/session/login") // Retry-After
			switch {
			case got.Status == 200 || got.Status == 400 && got.Words() == core.CodeLoginBadCredentials:
				hashed++
			case got.Status == 503 && got.Words() == core.CodeServiceUnavailable:
				if refused++; refused == logins-room {
					close(hasher.Hold)
				}
			default:
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		}
		if most := hasher.most.Load(); most != 1 {
			t.Errorf("%d passwords were hashed at once, want 1", most)
		}
		if hashed != room {
			t.Errorf("%d were hashed and %d refused, want %d hashed", hashed, refused, room)
		}
	})
	a.Want(t, "POST /auth/session/login 200 (twin, afterwards)", harness.LoginForm(u.Email, harness.Password))
}

// realHashers are the defaults, with bcrypt at its least cost.
var realHashers = sync.OnceValue(func() []core.Hasher {
	first, err1 := argon2id.New(argon2id.Options{})
	old, err2 := bcrypt.New(bcrypt.Options{Cost: 10})
	if err1 != nil || err2 != nil {
		panic("the default hashers cannot be made")
	}
	return []core.Hasher{first, old}
})

func TestAttackStoredHashes(t *testing.T) {
	const salt, tag = "c29tZXNhbHRzb21lc2FsdA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	bcrypted, err := realHashers()[1].Hash(harness.Password)
	if err != nil {
		t.Fatal(err)
	}
	var logs harness.PerApp[harness.Journal]
	harness.OnOneAdapter(t, func(a *harness.App, o *harness.Options) {
		o.Hashers, o.Log, o.InsecureNoLimits = realHashers(), logs.Of(a).Logger(), true
	}, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		right := harness.LoginForm(u.Email, harness.Password)
		a.Want(t, "POST /auth/jwt/login 200 (twin)", right)
		for name, hash := range map[string]string{
			"G08 m of 4 GiB":     "$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + tag,
			"G08 t of 10^6":      "$argon2id$v=19$m=19456,t=1000000,p=1$" + salt + "$" + tag,
			"G08 p of 0":         "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + tag,
			"G08 no salt":        "$argon2id$v=19$m=19456,t=2,p=1$$" + tag,
			"G08 bcrypt cost 31": "$2b$31$" + strings.Repeat("a", 53),
			"G19 truncated":      "$argon2id$v=19$m=19456,t=2,p=1$" + salt,
			"G19 truncated tag":  "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + tag[:7],
			"G19 a mere prefix":  "$argon2id$",
			"G19 bcrypt, cut":    string(bcrypted[:40]),
			"G19 unknown scheme": "$scrypt$ln=16,r=8,p=1$" + salt + "$" + tag,
			"G19 the password":   harness.Password,
		} {
			a.EditStored(t, u, func(u *harness.Account) { u.HashedPassword = core.PasswordHash(hash) })
			before := len(logs.Of(a).String())
			a.Want(t, badLogin, harness.Case(name), right)
			if log := logs.Of(a).String()[before:]; !strings.Contains(log, "level=ERROR") || !strings.Contains(log, u.ID) ||
				strings.Contains(log, hash) {
				t.Errorf("%s: the log says %q", name, log)
			}
		}
		a.EditStored(t, u, func(u *harness.Account) { u.HashedPassword = "" })
		a.Want(t, badLogin, harness.Case("G19 empty"), right)
		a.EditStored(t, u, func(u *harness.Account) { u.HashedPassword = bcrypted })
		a.Want(t, "POST /auth/jwt/login 200 (twin, an imported hash)", right)
		if kept, err := a.Manager().Find(t.Context(), u.ID); err != nil ||
			!strings.HasPrefix(string(kept.HashedPassword), "$argon2id$") {
			t.Errorf("the imported hash was not replaced: %v", err)
		}
		a.Want(t, "POST /auth/jwt/login 200 (twin, the new hash)", right)
	})
}

func TestAttackG17HTMLInMails(t *testing.T) {
	templates, err := message.New(fstest.MapFS{"reset.html": {Data: []byte(`<p title="{{.User.FullName}}">{{.User.FullName}} <a href="{{.Link}}">…</a></p>`)}}, "Acme")
	if err != nil {
		t.Fatal(err)
	}
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		t.Run("G17 a name with HTML in a mail", func(t *testing.T) {
			a.Want(t, registerRoute+"201",
				harness.JSONObject(harness.Object{"email": "g17@example.org", "password": harness.Password,
					"full_name": `"><script>alert(1)</script>`}))
			a.Want(t, harness.MailRoutes["reset"]+"202", registration("g17@example.org"))
			m := a.NextMail(t)
			rendered, err := templates.Render(m)
			if err != nil || strings.Contains(rendered.HTML, "<script") ||
				!strings.HasPrefix(rendered.HTML, `<p title="&#34;&gt;&lt;script&gt;`) {
				t.Errorf("%v: %s", err, rendered.HTML)
			}
			if !strings.Contains(rendered.HTML, `href="`+m.Link) {
				t.Errorf("twin: the link is not in %s", rendered.HTML)
			}
		})
	})
}
