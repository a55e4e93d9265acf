// Package known keeps the browsers in which users have logged in. A login from
// one has a budget of wrong passwords of its own, so that nobody else can use
// it up, and is no news to its owner.
//
//	d := known.New(svc, backends...)
//	browser := d.Of(ctx, "web", r) // nil: not known
//	browser, isNew := d.Recognize(ctx, attempt)
//	d.Admitted(ctx, browser, attempt, proofs, resp) // a login is complete
//
// The browser keeps a secret for a year, in a cookie of its own beside the
// backend's (HttpOnly, SameSite=Lax); the ticket store has the digest, and
// whose it is. Only backends whose token browsers send by themselves have it.
//
// Security notes. The secret opens nothing: it takes the place of no proof. It
// names one user, who is looked up by it and not by what somebody typed, so
// that nobody learns from it who is registered. A store that cannot be reached
// makes a browser unknown, and fails no login.
package known

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/flowcookie"
)

const (
	word     = "known" // purpose of the tickets, and end of the cookie's name
	lifetime = 365 * 24 * time.Hour
)

// many is how many browsers of a user become known: each is a row for a year.
// Only a login counts, so nobody else can use them up.
var many = core.Limit{Events: 100, Window: 30 * 24 * time.Hour}

// Devices are the known browsers. A nil *Devices has none.
type Devices struct {
	svc      *core.Services
	backends map[string]core.BackendInfo
}

// New returns those of backends. svc may still be empty.
func New(svc *core.Services, backends ...core.BackendInfo) *Devices {
	d := &Devices{svc: svc, backends: map[string]core.BackendInfo{}}
	for _, b := range backends {
		if b.BrowserSent {
			d.backends[b.Name] = b
		}
	}
	return d
}

// Device is a known browser.
type Device struct {
	Digest  [32]byte // of its secret
	User    core.AnyUser
	expires time.Time
}

// Identifies reports whether the device is of the user with that key.
func (d *Device) Identifies(key core.Key) bool {
	if d == nil || key.Value == "" {
		return false
	}
	n := core.NamedOf(d.User)
	return key == core.ByEmail(d.User.Base().EmailKey) || n != nil && key == core.ByUsername(n.UsernameKey)
}

// Is reports whether the device is of a user.
func (d *Device) Is(userID string) bool { return d != nil && d.User.Base().ID == userID }

// Of returns the known browser that a request to a backend comes from, nil if
// it comes from none.
func (d *Devices) Of(ctx context.Context, backend string, r *core.Request) *Device {
	b, ok := d.at(backend, r)
	if !ok {
		return nil
	}
	secret, err := core.CookieValue(r, flowcookie.Of(b, word).Name)
	if err != nil || len(secret) != core.SecretLen { // two cookies of the name are as good as none
		return nil
	}
	digest := core.Digest(secret)
	t, err := d.svc.Tickets.Find(ctx, word, digest)
	if err != nil {
		d.report(ctx, err)
		return nil
	}
	u, err := d.svc.Users.Find(ctx, core.ByID(t.UserID))
	if err != nil {
		d.report(ctx, err)
		return nil
	}
	return &Device{Digest: digest, User: u, expires: t.Expires}
}

// remember makes the browser known in which a user has just logged in, by a
// cookie of the response. One that is known keeps what it has, until half of
// its year is over; what was another user's becomes this one's.
func (d *Devices) remember(ctx context.Context, old *Device, a core.Attempt, resp *core.Response) {
	b, ok := d.at(a.Backend, a.Request)
	if !ok {
		return
	}
	id, now := a.User.Base().ID, d.svc.Env.Now()
	if old.Is(id) && old.expires.Sub(now) > lifetime/2 {
		return
	}
	if wait, err := d.svc.Limiter.Allow(ctx, core.LimitKey("known-devices", id), many); err != nil || wait > 0 {
		d.report(ctx, err)
		return
	}
	secret, digest, err := core.NewSecret(d.svc.Env.Random)
	if err == nil {
		err = d.svc.Tickets.Put(ctx, core.Ticket{
			Digest: digest, Purpose: word, UserID: id, Epoch: a.User.Base().TokenEpoch, Expires: now.Add(lifetime),
		}, false)
	}
	if err != nil {
		d.report(ctx, err)
		return
	}
	c := flowcookie.Of(b, word)
	c.Value, c.MaxAge = secret, int(lifetime/time.Second)
	resp.Header.Add("Set-Cookie", c.String())
}

// Forget makes all browsers of a user unknown.
func (d *Devices) Forget(ctx context.Context, userID string) error {
	if d.svc.Tickets == nil || len(d.backends) == 0 {
		return nil
	}
	_, digest, err := core.NewSecret(d.svc.Env.Random) // nobody has it
	if err != nil {
		return err
	}
	return d.svc.Tickets.Put(ctx, core.Ticket{
		Digest: digest, Purpose: word, UserID: userID, Expires: d.svc.Env.Now().Add(time.Minute),
	}, true)
}

// at returns the backend of a request where browsers can be known.
func (d *Devices) at(backend string, r *core.Request) (b core.BackendInfo, ok bool) {
	if d == nil || r == nil || d.svc.Tickets == nil {
		return b, false
	}
	b, ok = d.backends[backend]
	return b, ok
}

// report logs what fails no login.
func (d *Devices) report(ctx context.Context, err error) {
	if err == nil || errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return
	}
	d.svc.Env.Log.ErrorContext(ctx, "latchkey: a browser could not be recognised; it has the limits of an unknown one", "err", err)
}
