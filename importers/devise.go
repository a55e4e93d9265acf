package importers

import (
	"database/sql"
	"fmt"
	"time"
)

// DeviseOptions are TableOptions, and what only Devise has.
type DeviseOptions struct {
	TableOptions
	// UnlockIn is Devise's config.unlock_in: a user whose locked_at is
	// longer ago is not locked any more, another is suspended until then.
	// Negative: a lock has no end, as with the unlock_strategy :email or
	// :none. Default: an hour, Devise's.
	UnlockIn time.Duration
}

// Devise is a source of Devise's users table, with what the modules
// confirmable, lockable and omniauthable keep there. Where the accounts of
// OmniAuth are in a table of their own, TableOptions.Accounts names it, with
// the columns user_id, provider and uid. hashers/bcrypt verifies the passwords;
// with a config.pepper it needs Options.Pepper. Users with a deleted_at are
// skipped.
func Devise(db *sql.DB, o DeviseOptions) Source {
	return tableSource{db, o.TableOptions, spec{
		system: "Devise",
		users:  []string{"users"},
		columns: Columns{
			ID: "id", Email: "email", Hash: "encrypted_password", Verified: "confirmed_at", Created: "created_at",
			Deleted: "deleted_at",
		},
		accountColumns: AccountColumns{
			User: "user_id", Provider: "provider", Subject: "uid", Email: "email",
			Access: "token", Refresh: "refresh_token", Expires: "expires_at",
		},
		hidden: []string{
			"updated_at", "remember_created_at", "reset_password_sent_at", "confirmation_sent_at", "unconfirmed_email",
			"failed_attempts", "sign_in_count", "current_sign_in_at", "last_sign_in_at", "current_sign_in_ip", "last_sign_in_ip",
			"consumed_timestep", "otp_backup_codes",
		},
		flags: []string{"locked_at", "provider", "uid", "otp_required_for_login"},
		fix:   o.fix,
	}}
}

func (o DeviseOptions) fix(_ *reader, one row, rec *Record) error {
	locked, err := moment(one.get("locked_at"))
	if err != nil {
		return fmt.Errorf("its locked_at %w", err)
	}
	if !locked.IsZero() {
		rec.SuspendedFor = "locked"
		switch {
		case o.UnlockIn < 0:
			rec.SuspendedUntil = forGood
		case o.UnlockIn == 0:
			rec.SuspendedUntil = locked.Add(time.Hour)
		default:
			rec.SuspendedUntil = locked.Add(o.UnlockIn)
		}
	}
	// devise_token_auth has the provider "email" for passwords.
	provider, uid := text(one.get("provider")), text(one.get("uid"))
	if provider != "" && provider != "email" && uid != "" {
		rec.Links = append(rec.Links, Link{Provider: provider, Subject: uid})
	}
	factor, err := truth(one.get("otp_required_for_login"))
	if err != nil {
		return fmt.Errorf("its otp_required_for_login %w", err)
	}
	if factor {
		rec.Left = append(rec.Left, secondFactor)
	}
	return nil
}
