package importers

import "database/sql"

// FastAPIUsers is a source of the tables of FastAPI Users' SQLAlchemy adapter:
// user and oauth_account. To use them in place instead, see sqlstore's
// Options.FastAPIUsers.
func FastAPIUsers(db *sql.DB, o TableOptions) Source {
	return tableSource{db, o, spec{
		system: "FastAPI Users",
		users:  []string{"user", "users"}, accounts: []string{"oauth_account", "oauth_accounts"},
		columns: Columns{
			ID: "id", Email: "email", Hash: "hashed_password", Verified: "is_verified", Active: "is_active",
			Superuser: "is_superuser", Created: "created_at", SuspendedUntil: "suspended_until", SuspendedFor: "suspended_for",
		},
		accountColumns: AccountColumns{
			User: "user_id", Provider: "oauth_name", Subject: "account_id", Email: "account_email",
			Access: "access_token", Refresh: "refresh_token", Expires: "expires_at",
		},
		hidden: []string{"email_key", "token_epoch", "updated_at"}, // of a table that Latchkey has shared
	}}
}
