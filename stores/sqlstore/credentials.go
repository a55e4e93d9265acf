package sqlstore

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// Credentials is a core.CredentialStore, CredentialPager and Sweeper. Its
// IDs are UUIDs.
type Credentials struct {
	s *Store

	drop, dropID, count, taken, takenID, insert, find, list, listAll, page, lock, update, remove, sweep statement
}

var (
	_ core.CredentialStore = (*Credentials)(nil)
	_ core.CredentialPager = (*Credentials)(nil)
	_ core.Sweeper         = (*Credentials)(nil)
)

func newCredentials(s *Store) *Credentials {
	const (
		living = " AND (expires IS NULL OR expires > ?)"
		owned  = "id = ? AND user_id = ? AND kind = ?" + living
		read   = "SELECT id, user_id, kind, handle, label, data, created, used, expires FROM {credentials} WHERE "
		oldest = " ORDER BY created, id"
	)
	return &Credentials{
		s: s,
		// What has expired is as good as none.
		drop:   s.statement("store a credential", "DELETE FROM {credentials} WHERE kind = ? AND handle = ? AND expires <= ?"),
		dropID: s.statement("store a credential", "DELETE FROM {credentials} WHERE id = ? AND expires <= ?"),
		count: s.statement("count credentials",
			"SELECT COUNT(*) FROM {credentials} WHERE user_id = ? AND kind = ?"+living+s.dialect.newest),
		taken: s.statement("look for a credential",
			"SELECT COUNT(*) FROM {credentials} WHERE kind = ? AND handle = ?"+living+s.dialect.newest),
		takenID: s.statement("look for a credential",
			"SELECT COUNT(*) FROM {credentials} WHERE id = ?"+living+s.dialect.newest),
		insert: s.statement("store a credential", `INSERT INTO {credentials}
			(id, user_id, kind, handle, created, label, data, used, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`+s.dialect.skip),
		find:    s.statement("find a credential", read+"kind = ? AND handle = ?"+living),
		list:    s.statement("list credentials", read+"user_id = ? AND kind = ?"+living+oldest),
		listAll: s.statement("list credentials", read+"user_id = ?"+living+oldest),
		page:    s.statement("page through credentials", read+"kind = ? AND handle > ?"+living+" ORDER BY handle LIMIT ?"),
		lock:    s.statement("lock a credential", read+owned+s.dialect.lock),
		update: s.statement("update a credential",
			"UPDATE {credentials} SET label = ?, data = ?, used = ?, expires = ? WHERE id = ?"),
		remove: s.statement("delete a credential", "DELETE FROM {credentials} WHERE "+owned),
		sweep:  s.statement("sweep credentials", s.dialect.sweep("{credentials}", "id", "expires", "")),
	}
}

// Create stores a credential; see core.CredentialStore. An ID that is no UUID
// and an Owner that is not of the type Options.IDs are errors.
func (t *Credentials) Create(ctx context.Context, c *core.Credential, max int) error {
	row := *c
	if err := t.settle(&row); err != nil {
		return err
	}
	err := t.s.Transact(ctx, func(ctx context.Context) error {
		if err := t.room(ctx, row, max); err != nil {
			return err
		}
		if _, err := t.s.exec(ctx, t.drop, row.Kind, row.Key, t.s.now()); err != nil {
			return err
		}
		if c.ID != "" {
			if _, err := t.s.exec(ctx, t.dropID, row.ID, t.s.now()); err != nil {
				return err
			}
		}
		fixed := []any{row.ID, t.s.opts.IDs.arg(row.Owner), row.Kind, row.Key, row.Created.UnixMicro()}
		return t.s.insert(ctx, t.insert, append(fixed, changeable(row)...)...)
	})
	if err == nil {
		c.ID = row.ID
	}
	return err
}

// room is ErrFull if the owner has max of the kind, but ErrTaken if c could not
// be stored anyway. Until the end of the transaction it keeps others from
// making one more.
func (t *Credentials) room(ctx context.Context, c core.Credential, max int) error {
	if max <= 0 {
		return nil
	}
	if err := t.s.serialize(ctx, "credentials of "+c.Kind+" "+c.Owner); err != nil {
		return err
	}
	n, err := t.number(ctx, t.count, t.s.opts.IDs.arg(c.Owner), c.Kind)
	if err != nil || n < max {
		return err
	}
	n, err = t.number(ctx, t.taken, c.Kind, c.Key)
	if err == nil && n == 0 {
		n, err = t.number(ctx, t.takenID, c.ID)
	}
	switch {
	case err != nil:
		return err
	case n > 0:
		return core.ErrTaken
	}
	return core.ErrFull
}

// number returns how many living credentials a statement counts.
func (t *Credentials) number(ctx context.Context, st statement, args ...any) (n int, err error) {
	err = t.s.get(ctx, st, append(args, t.s.now()), &n)
	return n, err
}

func (t *Credentials) get(ctx context.Context, st statement, args ...any) (*core.Credential, error) {
	return scanCredential(func(dest ...any) error { return t.s.get(ctx, st, args, dest...) })
}

// Find returns the credential of a key; see core.CredentialStore.
func (t *Credentials) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	if !storable(kind) || !storable(key) {
		return nil, core.ErrNotFound
	}
	return t.get(ctx, t.find, kind, key, t.s.now())
}

// List returns an owner's credentials; see core.CredentialStore.
func (t *Credentials) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	owner, ok := t.s.opts.IDs.canonical(owner)
	if !ok || !storable(kind) {
		return nil, nil
	}
	st, args := t.listAll, []any{t.s.opts.IDs.arg(owner)}
	if kind != "" {
		st, args = t.list, append(args, kind)
	}
	return t.all(ctx, st, append(args, t.s.now())...)
}

func (t *Credentials) all(ctx context.Context, st statement, args ...any) (all []*core.Credential, err error) {
	err = t.s.each(ctx, st, args, func(scan func(...any) error) error {
		c, err := scanCredential(scan)
		all = append(all, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Page returns a kind's credentials of all owners, in the order of their keys;
// see core.CredentialPager.
func (t *Credentials) Page(ctx context.Context, kind, after string, limit int) ([]*core.Credential, error) {
	if !storable(kind) || !storable(after) {
		return nil, nil
	}
	return t.all(ctx, t.page, kind, after, t.s.now(), limit)
}

// owned are the arguments by which Update and Delete name a living credential.
func (t *Credentials) owned(kind, owner, id string) (args []any, ok bool) {
	id, isUUID := UUID.canonical(id)
	owner, isUser := t.s.opts.IDs.canonical(owner)
	return []any{id, t.s.opts.IDs.arg(owner), kind, t.s.now()}, isUUID && isUser && storable(kind)
}

// Update changes a credential under a lock; see core.CredentialStore. Inside a
// transaction of ctx it belongs to that.
func (t *Credentials) Update(
	ctx context.Context, kind, owner, id string, change func(*core.Credential) error,
) (*core.Credential, error) {
	args, ok := t.owned(kind, owner, id)
	if !ok {
		return nil, core.ErrNotFound
	}
	var changed *core.Credential
	err := t.s.Transact(ctx, func(ctx context.Context) error {
		c, err := t.get(ctx, t.lock, args...)
		if err != nil {
			return err
		}
		was := *c
		if err := change(c); err != nil {
			return err
		}
		c.ID, c.Owner, c.Kind, c.Key, c.Created = was.ID, was.Owner, was.Kind, was.Key, was.Created
		if err := t.settle(c); err != nil {
			return err
		}
		changed = c
		_, err = t.s.exec(ctx, t.update, append(changeable(*c), c.ID)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// Delete removes a credential; see core.CredentialStore.
func (t *Credentials) Delete(ctx context.Context, kind, owner, id string) error {
	args, ok := t.owned(kind, owner, id)
	if !ok {
		return core.ErrNotFound
	}
	n, err := t.s.exec(ctx, t.remove, args...)
	if err == nil && n == 0 {
		err = core.ErrNotFound
	}
	return err
}

// Sweep deletes expired credentials; see core.Sweeper.
func (t *Credentials) Sweep(ctx context.Context) (int, error) { return t.s.sweep(ctx, t.sweep) }
