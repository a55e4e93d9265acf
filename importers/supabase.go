package importers

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

const supabaseFactors = "auth.mfa_factors"

// Supabase is a source of Supabase Auth's tables in PostgreSQL: auth.users and
// auth.identities. hashers/bcrypt verifies its passwords. Skipped are users
// without an address (those with a phone number alone), and those who are
// anonymous, deleted, or come by single sign-on. Members of the application's
// metadata (raw_app_meta_data) are Own, those of the user's, which users write
// themselves, are ByOwner. Tokens of providers are not kept there.
func Supabase(db *sql.DB, o TableOptions) Source {
	return tableSource{db, o, spec{
		system: "Supabase",
		users:  []string{"auth.users"}, accounts: []string{"auth.identities"},
		columns: Columns{
			ID: "id", Email: "email", Hash: "encrypted_password", Verified: "email_confirmed_at", Created: "created_at",
			SuspendedUntil: "banned_until", SuspendedFor: "banned_reason", Deleted: "deleted_at",
		},
		accountColumns: AccountColumns{User: "user_id", Provider: "provider", Subject: "provider_id"},
		hidden: []string{
			"instance_id", "aud", "role", "invited_at", "confirmation_sent_at", "recovery_sent_at", "email_change_token_new",
			"email_change", "email_change_sent_at", "last_sign_in_at", "is_super_admin", "updated_at", "phone_confirmed_at",
			"phone_change", "phone_change_sent_at", "confirmed_at", "email_change_token_current", "email_change_confirm_status",
			"reauthentication_sent_at",
		},
		formerSubject: "id", // until November 2023
		flags:         []string{"raw_app_meta_data", "raw_user_meta_data", "is_anonymous", "is_sso_user"},
		open:          openSupabase, page: pageOfSupabase, fix: fixSupabase,
	}}
}

func openSupabase(ctx context.Context, r *reader) (err error) {
	r.extra[supabaseFactors], err = findTable(ctx, r.db, r.d, true, supabaseFactors)
	return err
}

// pageOfSupabase reads the second factors of users.
func pageOfSupabase(ctx context.Context, r *reader, ids []any) (err error) {
	if t := r.extra[supabaseFactors]; t != nil {
		r.more[supabaseFactors], err = r.related(ctx, t, "user_id", ids, "status")
	}
	return err
}

func fixSupabase(r *reader, one row, rec *Record) error {
	anonymous, err1 := truth(one.get("is_anonymous"))
	single, err2 := truth(one.get("is_sso_user"))
	switch {
	case err1 != nil || err2 != nil:
		return errBool
	case anonymous:
		rec.Skip = "anonymous"
	case single:
		rec.Skip = "comes by single sign-on (SAML)"
	}
	// Not accounts elsewhere: an address, a telephone number.
	rec.Links = slices.DeleteFunc(rec.Links, func(l Link) bool { return l.Provider == "email" || l.Provider == "phone" })
	verified := func(factor row) bool { return text(factor.get("status")) == "verified" }
	if slices.ContainsFunc(r.more[supabaseFactors][rec.Key], verified) {
		rec.Left = append(rec.Left, secondFactor)
	}
	err1 = metadata(one, "raw_app_meta_data", rec.Own, "provider", "providers")
	rec.ByOwner = core.Object{}
	err2 = metadata(one, "raw_user_meta_data", rec.ByOwner,
		"email", "email_verified", "phone_verified", "sub", "iss", "provider_id")
	if err1 != nil {
		return err1
	}
	return err2
}

// metadata takes the members of a column with a JSON object, but for those that
// Supabase itself writes.
func metadata(one row, column string, into core.Object, theirs ...string) error {
	raw := strings.TrimSpace(text(one.get(column)))
	if raw == "" || raw == "null" {
		return nil
	}
	var members core.Object
	if err := json.Unmarshal([]byte(raw), &members); err != nil {
		return fmt.Errorf("its %s is no object", column)
	}
	for name, value := range members {
		if !slices.Contains(theirs, name) {
			into[name] = value
		}
	}
	return nil
}
