package bunstore

import "context"

// Migrate makes the tables, or brings them up to date. It adds and never drops
// or changes: the users' table gets the columns of the user types that it
// lacks, each with the default of its bun tag. It goes by what is there, not by
// a version, as the tables may have been made by another program, and so that
// it can be run again after it was interrupted. Run it at every start; it may
// run on several nodes at once, and in none of the application's transactions.
//
// A *DuplicateEmailsError or a *DuplicateOAuthAccountsError stops it when it
// takes over tables of FastAPI Users. On MySQL it refuses connections whose
// settings would spoil data.
func (s *Store) Migrate(ctx context.Context) error { return s.sql.Migrate(ctx) }

// Plan returns the SQL that Migrate would run on the database as it is, a
// statement each, and changes nothing. What Migrate does to the rows of tables
// of FastAPI Users is not among it. Call Users for each user type before.
func (s *Store) Plan(ctx context.Context) ([]string, error) { return s.sql.Plan(ctx) }

// Schema is the SQL that makes all tables in an empty database, a statement
// each, for people who have a migration tool of their own. After it Migrate
// finds nothing to do, and needs no right to define tables; call it
// nevertheless, as it checks the connection's settings on MySQL. Call Users for
// each user type before. With FastAPIUsers it is what the service's tables
// lack, and Migrate has work left: it fills email_key.
func (s *Store) Schema() []string { return s.sql.Schema() }
