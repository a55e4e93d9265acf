package bunstore

import "context"

// oauthTable has the columns of FastAPI Users' oauth_account. expires_at is in seconds since 1970 UTC.
const oauthTable = `CREATE TABLE IF NOT EXISTS {oauth_accounts} (
	id {text} NOT NULL PRIMARY KEY, user_id {text} NOT NULL, oauth_name {text} NOT NULL, account_id {text} NOT NULL, account_email {text} NOT NULL,
	access_token {text} NOT NULL, refresh_token {text}, expires_at BIGINT)`

// migrateOAuthAccounts makes the accounts' table if it is missing, and its indexes, which a table of FastAPI Users lacks.
func (s *Store) migrateOAuthAccounts(ctx context.Context) error {
	if err := s.define(ctx, oauthTable+s.dialect.addArrival); err != nil {
		return err
	}
	if err := s.adopted.checkOAuthAccounts(ctx); err != nil {
		return err
	}
	return s.define(ctx, "CREATE UNIQUE INDEX IF NOT EXISTS "+s.oauthIndex("subject")+" ON {oauth_accounts} (oauth_name, account_id);"+
		"CREATE INDEX IF NOT EXISTS "+s.oauthIndex("user")+" ON {oauth_accounts} (user_id)")
}

func (s *Store) oauthIndex(name string) string { return quote(s.opts.OAuthAccountsTable + "_" + name) }
