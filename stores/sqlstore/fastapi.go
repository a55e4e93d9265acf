package sqlstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// adoption keeps the users' table of a FastAPI Users service usable for both
// programs. That service has no email_key: it inserts rows without
// one and changes e-mail addresses under it. So the address decides, always:
// the key is computed from it when a row is read, and the column is put right
// when somebody looks for it. All methods of a nil *adoption do nothing.
type adoption struct {
	s         *Store
	canonical core.Canonicalizer

	all, candidates, clear, set, doubleLinks, withoutHash, setHash statement
}

// DuplicateEmailsError is Migrate's refusal to take over a table in which
// several users have one e-mail address, in different spellings: it cannot know
// whose it is. Nothing has been changed. Correct the rows and run Migrate
// again.
type DuplicateEmailsError struct {
	// IDs are those of the users, together where the address is the same.
	IDs [][]string
}

// Error lists the ids, not the addresses.
func (e *DuplicateEmailsError) Error() string {
	return "sqlstore: users share an e-mail address: " + groups(e.IDs)
}

// groups writes ids that belong together.
func groups(ids [][]string) string {
	all := make([]string, len(ids))
	for i, same := range ids {
		all[i] = strings.Join(same, " and ")
	}
	return strings.Join(all, "; ")
}

const keyColumns = "SELECT id, email, COALESCE(email_key, '') FROM {users}"

func newAdoption(s *Store) *adoption {
	return &adoption{
		s: s, canonical: s.opts.FastAPIUsers,
		all: s.statement("read e-mail addresses", keyColumns+" ORDER BY id"),
		// Whoever has the key, whoever has none yet, and whoever might
		// have got the address since (each by an index).
		candidates: s.statement("look for an e-mail address", keyColumns+
			" WHERE email_key = ? OR email_key IS NULL OR lower(email) = ?"),
		clear:       s.statement("clear an e-mail key", "UPDATE {users} SET email_key = NULL WHERE id = ? AND email = ?"),
		set:         s.statement("set an e-mail key", "UPDATE {users} SET email_key = ? WHERE id = ? AND email = ?"),
		withoutHash: s.statement("look for users without a password", "SELECT id FROM {users} WHERE hashed_password = ''"),
		setHash: s.statement("set a hash that no password has",
			"UPDATE {users} SET hashed_password = ? WHERE id = ? AND hashed_password = ''"),
		doubleLinks: s.statement("look for accounts that are linked twice", `SELECT id, oauth_name, account_id FROM {oauth_accounts} AS one WHERE EXISTS
			(SELECT 1 FROM {oauth_accounts} AS other WHERE other.account_id = one.account_id AND other.oauth_name = one.oauth_name AND other.id <> one.id)
			ORDER BY oauth_name, account_id, `+s.dialect.arrival),
	}
}

// keyed is a row's id, its address, the key that it has and the one that it
// should have ("" for none).
type keyed struct{ id, email, has, want string }

func (a *adoption) read(ctx context.Context, st statement, args ...any) (rows []keyed, err error) {
	err = a.s.each(ctx, st, args, func(scan func(...any) error) error {
		var row keyed
		if err := scan(&row.id, &row.email, &row.has); err != nil {
			return err
		}
		row.want = a.key(row.email)
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// key is the canonical form of an address, "" for one that Latchkey would not
// take: its user is found by ID only.
func (a *adoption) key(email string) string {
	key, err := a.canonical(email)
	if err != nil {
		return ""
	}
	return key
}

// complete sets the key that belongs to the address of a user as it was read,
// and the hash of one without a password.
func (a *adoption) complete(u *core.User) {
	if a != nil {
		u.EmailKey, u.HashedPassword = a.key(u.Email), usable(u.HashedPassword)
	}
}

// claim makes the column tell the truth about a key, before the key is looked
// for or given to a user.
func (a *adoption) claim(ctx context.Context, key string) error {
	if a == nil || key == "" {
		return nil
	}
	rows, err := a.read(ctx, a.candidates, key, key)
	if err != nil {
		return err
	}
	return a.repair(ctx, rows)
}

// repair writes the keys that are wrong. The wrong ones are cleared first,
// since they may stand in the way of the right ones. Where the right one is
// another row's already, it stays with that.
func (a *adoption) repair(ctx context.Context, rows []keyed) error {
	wrong := slices.DeleteFunc(rows, func(r keyed) bool { return r.has == r.want })
	if len(wrong) == 0 {
		return nil
	}
	return a.s.Transact(ctx, func(ctx context.Context) error {
		for _, r := range wrong {
			if r.has == "" {
				continue
			}
			if _, err := a.s.exec(ctx, a.clear, a.s.opts.IDs.arg(r.id), r.email); err != nil {
				return err
			}
		}
		for _, r := range wrong {
			if r.want == "" {
				continue
			}
			err := a.s.unspoiled(ctx, true, func() error {
				_, err := a.s.exec(ctx, a.set, r.want, a.s.opts.IDs.arg(r.id), r.email)
				return err
			})
			if err != nil && !errors.Is(err, core.ErrConflict) {
				return err
			}
		}
		return nil
	})
}

// prepare makes a table's rows ready for its unique index.
func (a *adoption) prepare(ctx context.Context, t table) error {
	switch {
	case a == nil:
		return nil
	case t.token == "oauth_accounts":
		return a.checkOAuthAccounts(ctx)
	case t.token == "users":
		if err := a.backfill(ctx); err != nil {
			return err
		}
		return a.fillHashes(ctx)
	}
	return nil
}

// backfill returns all rows their keys.
func (a *adoption) backfill(ctx context.Context) error {
	rows, err := a.read(ctx, a.all)
	if err != nil {
		return err
	}
	if err := duplicates(rows); err != nil {
		return err
	}
	return a.repair(ctx, rows)
}

// columnsOf are those that the service's own table has; none of other tables.
func (a *adoption) columnsOf(t table) []string {
	switch {
	case a == nil:
		return nil
	case t.token == "users":
		return []string{"id", "email", "hashed_password", "is_active", "is_superuser", "is_verified"}
	case t.token == "oauth_accounts":
		return []string{"id", "user_id", "oauth_name", "account_id", "account_email", "access_token", "refresh_token",
			"expires_at"}
	}
	return nil
}

func duplicates(rows []keyed) error {
	ids := map[string][]string{}
	for _, r := range rows {
		if r.want != "" {
			ids[r.want] = append(ids[r.want], r.id)
		}
	}
	var found DuplicateEmailsError
	for _, r := range rows {
		if same := ids[r.want]; len(same) > 1 {
			found.IDs = append(found.IDs, same)
			delete(ids, r.want)
		}
	}
	if found.IDs == nil {
		return nil
	}
	return &found
}

// RawPasswords reports whether the service of FastAPI Users works on the table
// too: it hashes the bytes of a password as they are typed.
func (us *UserStore[U]) RawPasswords() bool { return us.s.adopted != nil }
