package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// OAuthAccounts is a core.OAuthAccountStore. Its table has the columns of
// FastAPI Users' oauth_account, and its IDs are UUIDs. Tokens are stored as
// they are given, and those of a FastAPI Users service, which are plain text,
// are returned as they are.
type OAuthAccounts struct {
	s *Store

	insert, find, list, lock, update, remove statement
}

var _ core.OAuthAccountStore = (*OAuthAccounts)(nil)

func newOAuthAccounts(s *Store) *OAuthAccounts {
	read := `SELECT id, user_id, oauth_name, account_id, account_email, access_token, COALESCE(refresh_token, ''), expires_at
		FROM {oauth_accounts} WHERE `
	return &OAuthAccounts{
		s: s,
		insert: s.statement("link an account", `INSERT INTO {oauth_accounts}
			(id, oauth_name, account_id, user_id, account_email, access_token, refresh_token, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`+s.dialect.skip),
		find: s.statement("find an account", read+"oauth_name = ? AND account_id = ?"),
		list: s.statement("list accounts", read+"user_id = ? ORDER BY "+s.dialect.arrival),
		lock: s.statement("lock an account", read+"id = ?"+s.dialect.lock),
		update: s.statement("update an account", `UPDATE {oauth_accounts}
			SET user_id = ?, account_email = ?, access_token = ?, refresh_token = ?, expires_at = ? WHERE id = ?`),
		remove: s.statement("unlink an account", "DELETE FROM {oauth_accounts} WHERE id = ?"),
	}
}

// Create stores an account; see core.OAuthAccountStore. An ID that is no UUID,
// a UserID that is not of the type Options.IDs, and a Provider or Subject that
// no column can hold (NUL, invalid UTF-8) are errors.
func (t *OAuthAccounts) Create(ctx context.Context, a *core.OAuthAccount) error {
	row := *a
	if err := t.settle(&row); err != nil {
		return err
	}
	err := t.s.insert(ctx, t.insert, append([]any{row.ID, row.Provider, row.Subject}, t.changeable(row)...)...)
	if err == nil {
		a.ID = row.ID
	}
	return err
}

// settle returns a the form in which it is stored: an ID, ids in their one
// spelling, whole seconds.
func (t *OAuthAccounts) settle(a *core.OAuthAccount) (err error) {
	if a.ID == "" {
		if a.ID, err = UUID.make(t.s.opts.Random); err != nil {
			return err
		}
	}
	id, isUUID := UUID.canonical(a.ID)
	userID, isUser := t.s.opts.IDs.canonical(a.UserID)
	switch {
	case !isUUID:
		return errors.New("sqlstore: store an account: its ID is not a UUID")
	case !isUser:
		return errors.New("sqlstore: store an account: its UserID is not of the type Options.IDs")
	case !storable(a.Provider) || !storable(a.Subject):
		return errors.New("sqlstore: store an account: its Provider or Subject is not text")
	}
	a.ID, a.UserID, a.Expires = id, userID, a.Expires.Truncate(time.Second).UTC()
	return nil
}

// changeable are the columns that Update writes. NULL is no token and no time,
// as in the rows of FastAPI Users.
func (t *OAuthAccounts) changeable(a core.OAuthAccount) []any {
	return []any{
		t.s.opts.IDs.arg(a.UserID), a.Email, a.AccessToken,
		sql.NullString{String: a.RefreshToken, Valid: a.RefreshToken != ""},
		sql.NullInt64{Int64: a.Expires.Unix(), Valid: !a.Expires.IsZero()},
	}
}

// scanAccount reads an account from the columns of a statement.
func scanAccount(scan func(dest ...any) error) (*core.OAuthAccount, error) {
	var a core.OAuthAccount
	var expires sql.NullInt64
	if err := scan(&a.ID, &a.UserID, &a.Provider, &a.Subject, &a.Email, &a.AccessToken, &a.RefreshToken,
		&expires); err != nil {
		return nil, err
	}
	if expires.Valid {
		a.Expires = time.Unix(expires.Int64, 0).UTC()
	}
	return &a, nil
}

func (t *OAuthAccounts) get(ctx context.Context, st statement, args ...any) (*core.OAuthAccount, error) {
	return scanAccount(func(dest ...any) error { return t.s.get(ctx, st, args, dest...) })
}

// Find returns the account that a provider calls subject; see
// core.OAuthAccountStore.
func (t *OAuthAccounts) Find(ctx context.Context, provider, subject string) (*core.OAuthAccount, error) {
	if !storable(provider) || !storable(subject) {
		return nil, core.ErrNotFound
	}
	return t.get(ctx, t.find, provider, subject)
}

// List returns a user's accounts; see core.OAuthAccountStore.
func (t *OAuthAccounts) List(ctx context.Context, userID string) (all []*core.OAuthAccount, err error) {
	userID, ok := t.s.opts.IDs.canonical(userID)
	if !ok {
		return nil, nil
	}
	err = t.s.each(ctx, t.list, []any{t.s.opts.IDs.arg(userID)}, func(scan func(...any) error) error {
		a, err := scanAccount(scan)
		all = append(all, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Update changes an account under a lock; see core.OAuthAccountStore. Inside a
// transaction of ctx it belongs to that.
func (t *OAuthAccounts) Update(
	ctx context.Context, id string, change func(*core.OAuthAccount) error,
) (*core.OAuthAccount, error) {
	id, ok := UUID.canonical(id)
	if !ok {
		return nil, core.ErrNotFound
	}
	var changed *core.OAuthAccount
	err := t.s.Transact(ctx, func(ctx context.Context) error {
		a, err := t.get(ctx, t.lock, id)
		if err != nil {
			return err
		}
		was := *a
		if err := change(a); err != nil {
			return err
		}
		if a.ID != was.ID || a.Provider != was.Provider || a.Subject != was.Subject {
			return errors.New("sqlstore: update an account: change must not change ID, Provider or Subject")
		}
		if err := t.settle(a); err != nil {
			return err
		}
		changed = a
		_, err = t.s.exec(ctx, t.update, append(t.changeable(*a), id)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// Delete removes an account; see core.OAuthAccountStore.
func (t *OAuthAccounts) Delete(ctx context.Context, id string) error {
	id, ok := UUID.canonical(id)
	if !ok {
		return core.ErrNotFound
	}
	n, err := t.s.exec(ctx, t.remove, id)
	if err == nil && n == 0 {
		err = core.ErrNotFound
	}
	return err
}
