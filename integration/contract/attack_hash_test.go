package contract_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/internal/message"
)

// argon is the default hasher, and counts how many of its calls there are at
// once.
type argon struct {
	*argon2id.Hasher
	now, most atomic.Int64
	hold      chan struct{} // Verify waits until it is closed
}

func (h *argon) enter() (leave func()) {
	n := h.now.Add(1)
	for {
		most := h.most.Load()
		if n <= most || h.most.CompareAndSwap(most, n) {
			return func() { h.now.Add(-1) }
		}
	}
}

func (h *argon) Hash(password string) (core.PasswordHash, error) {
	defer h.enter()()
	return h.Hasher.Hash(password)
}

func (h *argon) Verify(hash core.PasswordHash, password string) (bool, error) {
	defer h.enter()()
	<-h.hold
	return h.Hasher.Verify(hash, password)
}

// TestAttackG07Flood counts hashes at once, each of which takes 19 MiB, instead
// of looking at the memory that the process has. The governor knows neither
// adapters nor stores, so one combination stands for all. Nothing is hashed
// until all that is too much is refused.
func TestAttackG07Flood(t *testing.T) {
	real, err := argon2id.New(argon2id.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const logins, room = 500, 1 + 64 // one is hashed, the others wait
	hasher := &argon{Hasher: real, hold: make(chan struct{})}
	a := newApp(t, onChi, sqlite, func(_ *app, o *options) {
		o.Hashers, o.HashConcurrency, o.InsecureNoLimits = []core.Hasher{hasher}, 1, true
	})
	u := a.user(t)
	t.Run("G07 500 logins at once", func(t *testing.T) {
		hashed, refused := 0, 0
		for got := range a.atOnce(t, logins, "POST", "/auth/session/login", func(i int) option {
			if i%2 == 0 {
				return form("username", u.Email, "password", password)
			}
			return form("username", "nobody@example.org", "password", another)
		}) {
			got.wantDecent(t, "/auth/session/login") // Retry-After
			switch {
			case got.status == 200 || got.status == 400 && got.says() == core.CodeLoginBadCredentials:
				hashed++
			case got.status == 503 && got.says() == core.CodeServiceUnavailable:
				if refused++; refused == logins-room {
					close(hasher.hold)
				}
			default:
				t.Errorf("got %d %s", got.status, got.body)
			}
		}
		if most := hasher.most.Load(); most != 1 {
			t.Errorf("%d passwords were hashed at once, want 1", most)
		}
		if hashed != room {
			t.Errorf("%d were hashed and %d refused, want %d hashed", hashed, refused, room)
		}
	})
	a.want(t, "POST /auth/session/login 200 (twin, afterwards)", form("username", u.Email, "password", password))
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
	bcrypted, err := realHashers()[1].Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	var logs per[journal]
	onOne(t, func(a *app, o *options) {
		o.Hashers, o.Log, o.InsecureNoLimits = realHashers(), logs.of(a).logger(), true
	}, func(t *testing.T, a *app) {
		u := a.user(t)
		right := form("username", u.Email, "password", password)
		a.want(t, "POST /auth/jwt/login 200 (twin)", right)
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
			"G19 the password":   password,
		} {
			a.edit(t, u, func(u *Account) { u.HashedPassword = core.PasswordHash(hash) })
			before := len(logs.of(a).String())
			a.attack(t, name, badLogin, right)
			if log := logs.of(a).String()[before:]; !strings.Contains(log, "level=ERROR") || !strings.Contains(log, u.ID) ||
				strings.Contains(log, hash) {
				t.Errorf("%s: the operator is told %q", name, log)
			}
		}
		a.edit(t, u, func(u *Account) { u.HashedPassword = "" })
		a.attack(t, "G19 empty", badLogin, right)
		a.edit(t, u, func(u *Account) { u.HashedPassword = bcrypted })
		a.want(t, "POST /auth/jwt/login 200 (twin, an imported hash)", right)
		if kept, err := a.Manager().Find(t.Context(), u.ID); err != nil ||
			!strings.HasPrefix(string(kept.HashedPassword), "$argon2id$") {
			t.Errorf("the imported hash was not replaced: %v", err)
		}
		a.want(t, "POST /auth/jwt/login 200 (twin, the new hash)", right)
	})
}

func TestAttackG17HTMLInMails(t *testing.T) {
	templates, err := message.New(fstest.MapFS{"reset.html": {Data: []byte(`<p title="{{.User.FullName}}">{{.User.FullName}} <a href="{{.Link}}">…</a></p>`)}}, "Acme")
	if err != nil {
		t.Fatal(err)
	}
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		t.Run("G17 a name with HTML in a mail", func(t *testing.T) {
			a.want(t, registerRoute+"201",
				members(object{"email": "g17@example.org", "password": password, "full_name": `"><script>alert(1)</script>`}))
			a.want(t, asks["reset"]+"202", registration("g17@example.org"))
			m := a.mail(t)
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
