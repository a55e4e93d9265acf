package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// database adds transactions to memstore, one at a time: it keeps a journal of
// what was done, and undoes by replaying a shorter one. The fields are
// mistakes.
type database struct {
	keepsErrors, keepsPanics, swallowsPanics, wraps bool
	commitsInner, spoils, failsInside, neverCommits bool
	linksOutside, linksStay, linksGo                bool
	sessionsOutside, sessionsStay, ticketsStay      bool
	dirty, failsTwice, halvesLate, deadlocks        bool
	interleaves, marksLocked, locksAbsent           bool
	credentialsOutside, credentialsStay             bool
	allCredentialsGo, rotationsOutside              bool
	auditOutside, auditGoes                         bool

	mu          sync.Mutex
	runs        int
	sessions    *memstore.Sessions
	owned       map[string][][32]byte // tickets by user
	gone        map[[32]byte]bool     // tickets of deleted users
	users       *memstore.Users[account]
	tickets     *memstore.Tickets
	accounts    *memstore.OAuthAccounts
	credentials *memstore.Credentials
	audit       *memstore.Audit
	journal     []entry
	spoiled     bool
}

// entry is something that was done. With stays set it is not undone with its
// transaction.
type entry struct {
	replay func()
	stays  bool
}

func newDatabase() *database {
	d := &database{}
	d.empty()
	return d
}

func (d *database) empty() {
	d.users, d.tickets, d.accounts, d.sessions = memstore.NewUsers[account](), memstore.NewTickets(nil),
		memstore.NewOAuthAccounts(), memstore.NewSessions(nil)
	d.credentials, d.audit = memstore.NewCredentials(nil), memstore.NewAudit()
	d.owned, d.gone = map[string][][32]byte{}, map[[32]byte]bool{}
}

type insideKey struct{}

func inside(ctx context.Context) bool { return ctx.Value(insideKey{}) != nil }

func (d *database) Transact(ctx context.Context, do func(context.Context) error) (err error) {
	if inside(ctx) {
		mark := len(d.journal)
		err := do(ctx)
		for i := range d.journal[mark:] {
			d.journal[mark+i].stays = d.commitsInner
		}
		return err
	}
	if d.interleaves {
		return do(ctx)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	mark, panics := len(d.journal), true
	defer func() {
		d.spoiled = false
		if d.neverCommits || err != nil && !d.keepsErrors || panics && !d.keepsPanics {
			d.undo(mark)
		}
		if d.swallowsPanics {
			_ = recover()
		}
	}()
	err = do(context.WithValue(ctx, insideKey{}, true))
	panics = false
	if d.runs++; d.deadlocks && d.runs%3 == 0 {
		d.keepsErrors = true
		return errors.New("deadlock detected")
	}
	if late := ctx.Err(); err == nil && d.halvesLate && late != nil {
		d.undo(mark + 1)
		d.keepsErrors = true
		return late
	}
	if err != nil && d.wraps {
		err = fmt.Errorf("transaction: %w", err)
	}
	return err
}

func (d *database) undo(mark int) {
	kept := d.journal[:mark:mark]
	for _, e := range d.journal[mark:] {
		if e.stays {
			kept = append(kept, e)
		}
	}
	d.journal = kept
	d.empty()
	for _, e := range kept {
		e.replay()
	}
}

// statement runs one statement, inside the transaction of ctx or by itself.
func (d *database) statement(ctx context.Context, run func() error, e entry) error {
	if !inside(ctx) {
		d.mu.Lock()
		defer d.mu.Unlock()
	} else if d.spoiled {
		return errors.New("current transaction is aborted")
	}
	err := run()
	if err == nil && e.replay != nil {
		d.journal = append(d.journal, e)
	}
	d.spoiled = d.spoils && inside(ctx) && err != nil
	return err
}

type txUsers struct{ *database }

func (s txUsers) Create(ctx context.Context, u *account) error {
	return s.statement(ctx, func() error { return s.users.Create(ctx, u) }, entry{replay: func() {
		c := *u
		_ = s.users.Create(context.Background(), &c)
	}})
}

func (s txUsers) Find(ctx context.Context, key core.Key) (u *account, err error) {
	if s.dirty && !inside(ctx) {
		return s.users.Find(ctx, key)
	}
	err = s.statement(ctx, func() error { u, err = s.users.Find(ctx, key); return err }, entry{})
	return u, err
}

// Lock is a Find: transactions run one at a time.
func (s txUsers) Lock(ctx context.Context, id string) (*account, error) {
	if s.marksLocked {
		return s.Update(ctx, id, func(u *account) error { u.UpdatedAt = u.UpdatedAt.Add(time.Second); return nil })
	}
	u, err := s.Find(ctx, core.ByID(id))
	if s.locksAbsent && errors.Is(err, core.ErrNotFound) {
		return &account{}, nil
	}
	return u, err
}

func (s txUsers) Update(ctx context.Context, id string, change func(*account) error) (u *account, err error) {
	err = s.statement(ctx, func() error { u, err = s.users.Update(ctx, id, change); return err }, entry{replay: func() {
		_, _ = s.users.Update(context.Background(), id, change)
	}})
	return u, err
}

func (s txUsers) Delete(ctx context.Context, id string) error {
	return s.statement(ctx, func() error { return s.deleteUser(ctx, id) },
		entry{replay: func() { _ = s.deleteUser(context.Background(), id) }})
}

// deleteUser deletes the user's accounts and credentials too.
func (d *database) deleteUser(ctx context.Context, id string) error {
	if err := d.users.Delete(ctx, id); err != nil {
		return err
	}
	if err := d.deleteCredentials(ctx, id); err != nil {
		return err
	}
	if !d.sessionsStay {
		_ = d.sessions.DeleteAll(ctx, id, math.MaxInt64, [32]byte{})
	}
	for _, digest := range d.owned[id] {
		d.gone[digest] = !d.ticketsStay
	}
	if d.linksStay {
		return nil
	}
	links, err := d.accounts.List(ctx, id)
	if d.linksGo {
		others, _, _ := d.users.List(ctx, core.Query{Limit: 100})
		for _, u := range others {
			more, _ := d.accounts.List(ctx, u.ID)
			links = append(links, more...)
		}
	}
	for _, l := range links {
		err = errors.Join(err, d.accounts.Delete(ctx, l.ID))
	}
	return err
}

func (s txUsers) List(ctx context.Context, q core.Query) (us []*account, next string, err error) {
	err = s.statement(ctx, func() error { us, next, err = s.users.List(ctx, q); return err }, entry{})
	return us, next, err
}

type txTickets struct{ *database }

func (s txTickets) Put(ctx context.Context, t core.Ticket, replace bool) error {
	put := func(ctx context.Context) error {
		s.owned[t.UserID] = append(s.owned[t.UserID], t.Digest)
		return s.tickets.Put(ctx, t, replace)
	}
	return s.statement(ctx, func() error { return put(ctx) }, entry{replay: func() { _ = put(context.Background()) }})
}

func (s txTickets) Find(ctx context.Context, purpose string, d [32]byte) (t core.Ticket, err error) {
	err = s.statement(ctx, func() error {
		if t, err = s.tickets.Find(ctx, purpose, d); s.gone[d] {
			err = core.ErrNotFound
		}
		return err
	}, entry{})
	return t, err
}

func (s txTickets) Consume(ctx context.Context, purpose string, d [32]byte) (t core.Ticket, err error) {
	err = s.statement(ctx, func() error {
		if s.gone[d] {
			return core.ErrNotFound
		}
		t, err = s.tickets.Consume(ctx, purpose, d)
		return err
	}, entry{replay: func() {
		_, _ = s.tickets.Consume(context.Background(), purpose, d)
	}})
	return t, err
}

func (s txTickets) Fail(ctx context.Context, purpose string, d [32]byte, max int) error {
	fail := func() error {
		err := s.tickets.Fail(ctx, purpose, d, max)
		if s.failsTwice && err == nil {
			err = s.tickets.Fail(ctx, purpose, d, max)
		}
		return err
	}
	return s.statement(ctx, fail, entry{stays: !s.failsInside, replay: func() {
		_ = s.tickets.Fail(context.Background(), purpose, d, max)
	}})
}

func (s txTickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	return s.statement(ctx, func() error { return s.tickets.Burn(ctx, purpose, d, until) }, entry{replay: func() {
		_ = s.tickets.Burn(context.Background(), purpose, d, until)
	}})
}

type txSessions struct{ *database }

func (s txSessions) Create(ctx context.Context, d [32]byte, one core.Session) error {
	return s.statement(ctx, func() error { return s.sessions.Create(ctx, d, one) },
		entry{stays: s.sessionsOutside, replay: func() {
			_ = s.sessions.Create(context.Background(), d, one)
		}})
}

func (s txSessions) Find(ctx context.Context, d [32]byte) (found core.Found, err error) {
	err = s.statement(ctx, func() error { found, err = s.sessions.Find(ctx, d); return err }, entry{})
	return found, err
}

func (s txSessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return s.statement(ctx, func() error { return s.sessions.Touch(ctx, d, seen, expires) }, entry{replay: func() {
		_ = s.sessions.Touch(context.Background(), d, seen, expires)
	}})
}

func (s txSessions) Delete(ctx context.Context, d [32]byte) error {
	return s.statement(ctx, func() error { return s.sessions.Delete(ctx, d) }, entry{replay: func() {
		_ = s.sessions.Delete(context.Background(), d)
	}})
}

func (s txSessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return s.statement(ctx, func() error { return s.sessions.DeleteAll(ctx, userID, epoch, except) },
		entry{replay: func() {
			_ = s.sessions.DeleteAll(context.Background(), userID, epoch, except)
		}})
}

func (s txSessions) Rotate(ctx context.Context, d [32]byte, t core.Turn) (now core.Rotation, err error) {
	err = s.statement(ctx, func() error { now, err = s.sessions.Rotate(ctx, d, t); return err },
		entry{stays: s.rotationsOutside, replay: func() {
			_, _ = s.sessions.Rotate(context.Background(), d, t)
		}})
	return now, err
}

// deleteCredentials deletes those of a user, who is deleted.
func (d *database) deleteCredentials(ctx context.Context, id string) error {
	if d.auditGoes {
		_, _ = d.audit.Prune(ctx, time.Now().AddDate(10, 0, 0))
	}
	if d.credentialsStay {
		return nil
	}
	all, err := d.credentials.List(ctx, "", id)
	if d.allCredentialsGo {
		others, _, _ := d.users.List(ctx, core.Query{Limit: 100})
		for _, u := range others {
			more, _ := d.credentials.List(ctx, "", u.ID)
			all = append(all, more...)
		}
	}
	for _, c := range all {
		err = errors.Join(err, d.credentials.Delete(ctx, c.Kind, c.Owner, c.ID))
	}
	return err
}

type txAudit struct{ *database }

func (s txAudit) Append(ctx context.Context, r core.Record) error {
	return s.statement(ctx, func() error { return s.audit.Append(ctx, r) },
		entry{stays: s.auditOutside, replay: func() { _ = s.audit.Append(context.Background(), r) }})
}

func (s txAudit) List(ctx context.Context, q core.AuditQuery) (page []core.Record, next string, err error) {
	err = s.statement(ctx, func() error { page, next, err = s.audit.List(ctx, q); return err }, entry{})
	return page, next, err
}

func (s txAudit) Forget(ctx context.Context, userID string) error {
	return s.statement(ctx, func() error { return s.audit.Forget(ctx, userID) },
		entry{stays: s.auditOutside, replay: func() { _ = s.audit.Forget(context.Background(), userID) }})
}

func (s txAudit) Prune(ctx context.Context, before time.Time) (int, error) {
	return s.audit.Prune(ctx, before)
}

type txCredentials struct{ *database }

func (s txCredentials) Create(ctx context.Context, c *cred, max int) error {
	return s.statement(ctx, func() error { return s.credentials.Create(ctx, c, max) },
		entry{stays: s.credentialsOutside, replay: func() {
			again := *c
			_ = s.credentials.Create(context.Background(), &again, max)
		}})
}

func (s txCredentials) Find(ctx context.Context, kind, key string) (c *cred, err error) {
	err = s.statement(ctx, func() error { c, err = s.credentials.Find(ctx, kind, key); return err }, entry{})
	return c, err
}

func (s txCredentials) List(ctx context.Context, kind, owner string) (all []*cred, err error) {
	err = s.statement(ctx, func() error { all, err = s.credentials.List(ctx, kind, owner); return err }, entry{})
	return all, err
}

func (s txCredentials) Update(
	ctx context.Context, kind, owner, id string, change credChange,
) (c *cred, err error) {
	err = s.statement(ctx, func() error { c, err = s.credentials.Update(ctx, kind, owner, id, change); return err },
		entry{replay: func() { _, _ = s.credentials.Update(context.Background(), kind, owner, id, change) }})
	return c, err
}

func (s txCredentials) Delete(ctx context.Context, kind, owner, id string) error {
	return s.statement(ctx, func() error { return s.credentials.Delete(ctx, kind, owner, id) },
		entry{replay: func() { _ = s.credentials.Delete(context.Background(), kind, owner, id) }})
}

type txAccounts struct{ *database }

func (s txAccounts) Create(ctx context.Context, a *core.OAuthAccount) error {
	return s.statement(ctx, func() error { return s.accounts.Create(ctx, a) },
		entry{stays: s.linksOutside, replay: func() {
			c := *a
			_ = s.accounts.Create(context.Background(), &c)
		}})
}

func (s txAccounts) Find(ctx context.Context, provider, subject string) (a *core.OAuthAccount, err error) {
	err = s.statement(ctx, func() error { a, err = s.accounts.Find(ctx, provider, subject); return err }, entry{})
	return a, err
}

func (s txAccounts) List(ctx context.Context, userID string) (all []*core.OAuthAccount, err error) {
	err = s.statement(ctx, func() error { all, err = s.accounts.List(ctx, userID); return err }, entry{})
	return all, err
}

func (s txAccounts) Update(
	ctx context.Context, id string, change func(*core.OAuthAccount) error,
) (a *core.OAuthAccount, err error) {
	err = s.statement(ctx, func() error { a, err = s.accounts.Update(ctx, id, change); return err }, entry{replay: func() {
		_, _ = s.accounts.Update(context.Background(), id, change)
	}})
	return a, err
}

func (s txAccounts) Delete(ctx context.Context, id string) error {
	return s.statement(ctx, func() error { return s.accounts.Delete(ctx, id) },
		entry{replay: func() { _ = s.accounts.Delete(context.Background(), id) }})
}
