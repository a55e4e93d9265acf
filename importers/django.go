package importers

import (
	"context"
	"database/sql"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Names of django-allauth's tables, which may be missing.
const (
	allauthAddresses = "account_emailaddress"
	allauthAccounts  = "socialaccount_socialaccount"
	allauthTokens    = "socialaccount_socialtoken"
)

// Django is a source of Django's auth_user, or of the table of a user model of
// one's own, which TableOptions.Users names. If django-allauth's tables are
// there, an address is verified where it says so, and social accounts become
// links; without them no address is. hashers/pbkdf2 verifies the passwords,
// hashers/argon2id, bcrypt and scrypt those of Django's hashers with these
// names.
func Django(db *sql.DB, o TableOptions) Source {
	return tableSource{db, o, spec{
		system: "Django",
		users:  []string{"auth_user"}, accounts: []string{allauthAccounts},
		columns: Columns{
			ID: "id", Email: "email", Hash: "password", Active: "is_active", Superuser: "is_superuser", Created: "date_joined",
		},
		accountColumns: AccountColumns{User: "user_id", Provider: "provider", Subject: "uid"},
		hidden:         []string{"last_login"}, accountFlags: []string{"id"},
		open: openAllauth, page: pageOfAllauth, fix: fixDjango,
	}}
}

func openAllauth(ctx context.Context, r *reader) (err error) {
	if r.extra[allauthAddresses], err = findTable(ctx, r.db, r.d, true, allauthAddresses); err != nil || !r.o.Tokens {
		return err
	}
	r.extra[allauthTokens], err = findTable(ctx, r.db, r.d, true, allauthTokens)
	return err
}

// pageOfAllauth reads the addresses of users, and the tokens of their accounts.
func pageOfAllauth(ctx context.Context, r *reader, ids []any) (err error) {
	if t := r.extra[allauthAddresses]; t != nil {
		if r.more[allauthAddresses], err = r.related(ctx, t, "user_id", ids, "email", "primary", "verified"); err != nil {
			return err
		}
	}
	t, accounts := r.extra[allauthTokens], []any(nil)
	for _, links := range r.links {
		for _, account := range links {
			accounts = append(accounts, account.get("id"))
		}
	}
	if t != nil && len(accounts) > 0 {
		r.more[allauthTokens], err = r.related(ctx, t, "account_id", accounts, "token", "token_secret", "expires_at")
	}
	return err
}

func fixDjango(r *reader, one row, rec *Record) error {
	rec.Hash = djangoHash(rec.Hash)
	for _, address := range r.more[allauthAddresses][rec.Key] {
		primary, err1 := truth(address.get("primary"))
		verified, err2 := truth(address.get("verified"))
		if err1 != nil || err2 != nil {
			return errBool
		}
		email := text(address.get("email"))
		if rec.Email == "" && primary {
			rec.Email = email
		}
		if strings.EqualFold(email, rec.Email) && verified {
			rec.Verified = true
		}
	}
	for i, account := range r.links[rec.Key] {
		for _, t := range r.more[allauthTokens][text(account.get("id"))] {
			expires, err := moment(t.get("expires_at"))
			if err != nil {
				return err
			}
			rec.Links[i].Tokens = core.OAuthTokens{
				Access: text(t.get("token")), Refresh: text(t.get("token_secret")), Expires: expires,
			}
		}
	}
	return nil
}

// djangoHash takes away what Django writes before hashes that name their form
// themselves. One that begins with an exclamation mark is of no password.
func djangoHash(hash core.PasswordHash) core.PasswordHash {
	text := string(hash)
	for _, before := range []string{"argon2$argon2", "bcrypt$$2"} {
		if strings.HasPrefix(text, before) {
			_, text, _ = strings.Cut(text, "$")
			return core.PasswordHash("$" + strings.TrimPrefix(text, "$"))
		}
	}
	if strings.HasPrefix(text, "!") {
		return ""
	}
	return hash
}
