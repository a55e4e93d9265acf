package gormstore

import "context"

// Migrate makes the tables, or brings them up to date. It adds and never drops
// or changes: the users' table gets the columns of the user types that it
// lacks, each with the default of its tag. It goes by what is there, not by a
// version, so that tables of sqlstore and bunstore serve as well, and that it
// can be run again after it was interrupted. Run it at every start; it may run
// on several nodes at once, and in none of the application's transactions.
//
// On MySQL it refuses connections whose settings would spoil data.
func (s *Store) Migrate(ctx context.Context) error { return s.sql.Migrate(ctx) }

// Plan returns the SQL that Migrate would run on the database as it is, a
// statement each, and changes nothing. Call Users
// for each user type before.
func (s *Store) Plan(ctx context.Context) ([]string, error) { return s.sql.Plan(ctx) }

// Schema is the SQL that makes all tables in an empty database, a statement
// each, for people who have a migration tool of their own. After it Migrate
// finds nothing to do, and needs no right to define tables; call it
// nevertheless, as it checks the connection's settings on MySQL. Call Users for
// each user type before.
func (s *Store) Schema() []string { return s.sql.Schema() }
