package importers

import "database/sql"

// AuthJS is a source of the tables of Auth.js (NextAuth): users and accounts,
// user and account, or User and Account, as its adapters for PostgreSQL,
// Drizzle and Prisma name them. It has no passwords; an application that added
// them to the users' table names their column in Columns.Hash.
func AuthJS(db *sql.DB, o TableOptions) Source {
	return tableSource{db, o, spec{
		system: "Auth.js",
		users:  []string{"users", "user", "User"}, accounts: []string{"accounts", "account", "Account"},
		columns: Columns{ID: "id", Email: "email", Verified: "emailVerified", Created: "createdAt"},
		accountColumns: AccountColumns{
			User: "userId", Provider: "provider", Subject: "providerAccountId",
			Access: "access_token", Refresh: "refresh_token", Expires: "expires_at",
		},
		hidden: []string{"updatedAt"},
	}}
}
