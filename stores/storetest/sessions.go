package storetest

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Sessions checks a session store. It must read the time from now.
func Sessions(t *testing.T, open func(t *testing.T, now func() time.Time) core.SessionStore, lacks ...Lack) {
	t.Helper()
	Run(t, clocked(open, lacks), SessionCases(), lacks...)
}

// SessionCases returns the obligations of a core.SessionStore.
func SessionCases() []Case[Clocked[core.SessionStore]] {
	return slices.Concat(sessionCases, digestCases, sessionHardCases, touchCases, floorCases, sessionRaceCases,
		sessionUpkeepCases, sessionTrimCases, sessionRotateCases, sessionRotatedCases, sessionCachedCases)
}

type (
	sessions    = Clocked[core.SessionStore]
	sessionCase = Case[Clocked[core.SessionStore]]
)

// key returns a digest of 32 bytes made from name, with a 0x00 first and last.
func key(name string) (d [32]byte) {
	copy(d[1:31], name)
	return d
}

// session returns a session of the user, with epoch 1, that lives for an hour
// of the clock.
func session(s sessions, userID string) core.Session {
	now := s.Now()
	return core.Session{
		ID: "id of " + userID, UserID: userID, Backend: "web", Label: "Firefox", IP: netip.MustParseAddr("192.0.2.1"),
		Epoch:  1,
		Proofs: []core.Proof{{Method: "password", At: now}}, Created: now, LastSeen: now, Expires: now.Add(s.hour()),
	}
}

// login creates a session of the user with the epoch, under a digest made from
// name.
func login(ctx context.Context, s sessions, name, userID string, epoch int64) error {
	one := session(s, userID)
	one.ID, one.Epoch = name, epoch
	return s.Store.Create(ctx, key(name), one)
}

// alive returns an error unless Find returns the session under name; dead,
// unless it returns ErrNotFound.
func alive(ctx context.Context, s sessions, name string) error {
	return is("Find of "+show(name), second(s.Store.Find(ctx, key(name))), nil)
}

func dead(ctx context.Context, s sessions, name string) error {
	return is("Find of "+show(name), second(s.Store.Find(ctx, key(name))), core.ErrNotFound)
}

// sameSession returns an error that names the fields in which got differs from
// want. Extra belongs to the strategy; a store need not keep it.
func sameSession(step string, got *core.Session, want core.Session) error {
	if got == nil {
		return errors.New(step + ": got no session")
	}
	errs := []error{
		sameTime(step+": Created", got.Created, want.Created), sameTime(step+": LastSeen", got.LastSeen, want.LastSeen),
		sameTime(step+": Expires", got.Expires, want.Expires),
		that(len(got.Proofs) == len(want.Proofs), "%s: Proofs are %v, want %v", step, got.Proofs, want.Proofs),
	}
	for i := range min(len(got.Proofs), len(want.Proofs)) {
		errs = append(errs, sameTime(step+": At of a proof", got.Proofs[i].At, want.Proofs[i].At),
			that(got.Proofs[i].Method == want.Proofs[i].Method, "%s: Proofs are %v, want %v", step, got.Proofs, want.Proofs))
	}
	plain := func(s core.Session) core.Session {
		s.Created, s.LastSeen, s.Expires, s.Proofs, s.Extra = time.Time{}, time.Time{}, time.Time{}, nil, nil
		return s
	}
	g, w := plain(*got), plain(want)
	return errors.Join(append(errs, that(reflect.DeepEqual(g, w), "%s: got %+v, want %+v", step, g, w))...)
}

var sessionCases = []sessionCase{
	{Rule: "Find returns a session with every field that Create was given", Check: func(ctx context.Context, s sessions) error {
		at := s.Now().Add(-time.Minute)
		full := session(s, "ann")
		full.Created, full.LastSeen, full.Expires = at, at.Add(time.Microsecond), s.Now().Add(30*24*time.Hour)
		full.Proofs = []core.Proof{{Method: "password", At: at}, {Method: "oauth:google", At: at.Add(3 * time.Microsecond)},
			{Method: "totp", At: at}, {Method: "device"}}
		full.Label, full.Epoch = `"Пётр's" 📱 \ 日本語`, 1<<53+1
		bare := core.Session{ID: "bare", UserID: "bob", Backend: "api", Created: at, LastSeen: at, Expires: full.Expires}
		var errs []error
		for _, ip := range []string{"192.0.2.255", "2001:db8::ffff", "::ffff:192.0.2.1", "fe80::1%eth0", "::"} {
			full.IP = netip.MustParseAddr(ip)
			errs = append(errs, roundTrip(ctx, s, key(ip), full))
		}
		full.Scopes, full.Organization, full.Brief = []string{"orders:read", `日本"\`}, "org of ann", true
		full.Actor, full.ActorSession, full.ActorEpoch = "root", "session of root", 1<<53+1
		errs = append(errs, roundTrip(ctx, s, key("marked"), full))
		bare.Scopes = []string{} // nothing, which is not everything
		errs = append(errs, roundTrip(ctx, s, key("no scopes"), bare))
		bare.Scopes = nil
		return errors.Join(append(errs, roundTrip(ctx, s, key("bare"), bare))...)
	}},
	{Rule: "Find returns ErrNotFound for an unknown digest, the zero one too", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			is("Create", login(ctx, s, "one", "ann", 1), nil), dead(ctx, s, "two"), dead(ctx, s, ""), alive(ctx, s, "one"),
		)
	}},
	{Rule: "Create is ErrTaken if the digest exists, and changes nothing", Check: func(ctx context.Context, s sessions) error {
		first, other := session(s, "ann"), session(s, "bob")
		err := errors.Join(is("Create", s.Store.Create(ctx, key("one"), first), nil),
			is("Create of the same digest", s.Store.Create(ctx, key("one"), other), core.ErrTaken))
		found, err2 := s.Store.Find(ctx, key("one"))
		return errors.Join(err, is("Find", err2, nil), sameSession("afterwards", found.Session, first))
	}},
	{Rule: "A session is found until Expires, and from that very moment not", Check: func(ctx context.Context, s sessions) error {
		end := s.Now().Add(s.waits())
		err := is("Create", login(ctx, s, "one", "ann", 1), nil)
		s.advanceUntilBefore(end)
		err = errors.Join(err, alive(ctx, s, "one"))
		s.advanceTo(end)
		return errors.Join(err, dead(ctx, s, "one"))
	}},
	{Rule: "S02 a deleted session is gone at once; Delete of none is no error", Check: func(ctx context.Context, s sessions) error {
		return errors.Join(
			is("Create", login(ctx, s, "one", "ann", 1), nil), is("Create", login(ctx, s, "two", "ann", 1), nil),
			alive(ctx, s, "one"), // any cache must drop it
			is("Delete", s.Store.Delete(ctx, key("one")), nil), dead(ctx, s, "one"), alive(ctx, s, "two"),
			is("Delete again", s.Store.Delete(ctx, key("one")), nil),
			is("Delete of none", s.Store.Delete(ctx, key("none")), nil),
		)
	}},
	{Rule: "F01 a cancelled context is an error that is none of core's sentinels", Check: func(ctx context.Context, s sessions) error {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		later := s.Now().Add(2 * time.Hour)
		return errors.Join(
			is("Create", login(ctx, s, "one", "ann", 1), nil),
			outage("Create", login(gone, s, "two", "ann", 1)),
			outage("Find", second(s.Store.Find(gone, key("one")))),
			outage("Find of none", second(s.Store.Find(gone, key("none")))),
			outage("Touch", s.Store.Touch(gone, key("one"), s.Now(), later)),
			outage("Delete", s.Store.Delete(gone, key("one"))),
			outage("DeleteAll", s.Store.DeleteAll(gone, "ann", 2, [32]byte{})),
			alive(ctx, s, "one"), dead(ctx, s, "two"),
		)
	}},
}

func roundTrip(ctx context.Context, s sessions, d [32]byte, one core.Session) error {
	if err := s.Store.Create(ctx, d, one); err != nil {
		return is("Create", err, nil)
	}
	found, err := s.Store.Find(ctx, d)
	return errors.Join(is("Find", err, nil), sameSession("Find", found.Session, one))
}

var digestCases = []sessionCase{
	{Rule: "S13 digests are compared byte by byte", Check: func(ctx context.Context, s sessions) error {
		// Differences that a text column, a collation or a C string
		// would not see, and one in each byte.
		digests := [][32]byte{
			key("abc"), key("ABC"), key("abc "), key("abc\x00x"), key("abc\x00y"), key("\xe9"), key("e"), key("\xff"),
			key("\xfe"),
			{0: 'x'}, {0: 'x', 31: ' '}, {0: 'X'}, {0: '\''}, {0: '%'}, {0: '_'}, {31: 1},
		}
		for i := range 32 {
			d := key("the same but for one bit ......")
			d[i] ^= 0x20
			digests = append(digests, d)
		}
		var errs []error
		for i, d := range digests {
			one := session(s, "ann")
			one.Epoch = int64(i)
			errs = append(errs, is("Create", s.Store.Create(ctx, d, one), nil))
		}
		for i, d := range digests {
			found, err := s.Store.Find(ctx, d)
			if err != nil {
				errs = append(errs, is("Find", err, nil))
				continue
			}
			errs = append(errs, that(found.Session.Epoch == int64(i), "%q: got the session of %q", d,
				digests[found.Session.Epoch%int64(len(digests))]))
		}
		for _, d := range digests[1:] {
			errs = append(errs, is("Delete", s.Store.Delete(ctx, d), nil))
		}
		return errors.Join(append(errs,
			is("Find of the one that was not deleted", second(s.Store.Find(ctx, digests[0])), nil))...)
	}},
}
