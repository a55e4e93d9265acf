package importers

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// BetterAuthOptions are TableOptions, and what only better-auth has.
type BetterAuthOptions struct {
	TableOptions
	// AdminRole is the role of the admin plugin ("admin") that makes a
	// superuser, who administrates all users here. Default: none does, and
	// role is a member like any other.
	AdminRole string
}

// BetterAuth is a source of better-auth's tables: user and account. Columns of
// its plugins count if they are there: users whom the admin plugin has banned
// are suspended, those of the anonymous plugin are skipped. hashers/scrypt
// verifies its passwords.
func BetterAuth(db *sql.DB, o BetterAuthOptions) Source {
	flags := []string{"banned", "isAnonymous", "twoFactorEnabled"}
	if o.AdminRole != "" {
		flags = append(flags, "role")
	}
	return tableSource{db, o.TableOptions, spec{
		system: "better-auth",
		users:  []string{"user", "users", "User"}, accounts: []string{"account", "accounts", "Account"},
		columns: Columns{
			ID: "id", Email: "email", Verified: "emailVerified", Created: "createdAt",
			SuspendedUntil: "banExpires", SuspendedFor: "banReason",
		},
		accountColumns: AccountColumns{
			User: "userId", Provider: "providerId", Subject: "accountId",
			Access: "accessToken", Refresh: "refreshToken", Expires: "accessTokenExpiresAt",
		},
		hidden: []string{"updatedAt"}, flags: flags, accountFlags: []string{"password"}, fix: o.fix,
	}}
}

func (o BetterAuthOptions) fix(r *reader, one row, rec *Record) error {
	banned, err1 := truth(one.get("banned"))
	anonymous, err2 := truth(one.get("isAnonymous"))
	factor, err3 := truth(one.get("twoFactorEnabled"))
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return fmt.Errorf("its banned, isAnonymous or twoFactorEnabled %w", err)
		}
	}
	switch {
	case !banned:
		rec.SuspendedUntil, rec.SuspendedFor = time.Time{}, ""
	case rec.SuspendedUntil.IsZero():
		rec.SuspendedUntil = forGood
	}
	if anonymous {
		rec.Skip = "anonymous"
	}
	if factor {
		rec.Left = append(rec.Left, secondFactor)
	}
	roles := strings.Split(text(one.get("role")), ",")
	rec.Superuser = o.AdminRole != "" && slices.Contains(roles, o.AdminRole)

	return o.password(r, rec)
}

// password takes the account with the password out of a record's links.
func (BetterAuthOptions) password(r *reader, rec *Record) error {
	var links []Link
	for i, account := range r.links[rec.Key] {
		hash := core.PasswordHash(text(account.get("password")))
		switch {
		case rec.Links[i].Provider != "credential":
			links = append(links, rec.Links[i])
		case rec.Hash != "" && hash != "" && rec.Hash != hash:
			return errors.New("it has two passwords")
		case hash != "":
			rec.Hash = hash
		}
	}
	rec.Links = links
	return nil
}
