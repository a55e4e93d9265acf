// Package importers brings the users of other systems into an application of
// Latchkey, with the passwords that they have.
//
//	source := importers.Supabase(db, importers.TableOptions{})
//	o := importers.Options{DryRun: true}
//	report, err := importers.Run(ctx, auth.Manager(), source, o)
//	fmt.Println(report)
//
// A dry run says what would happen and stores nothing. A run may be stopped at
// any time and started again: users who have come before are counted as the
// same, and [Options.After] spares looking at them. Nobody is guessed to be
// somebody else: two records with one address, or with one account at a
// provider, are both left out and reported, and so is one whose address another
// user of the application has.
//
// A hash stays as it is. A hasher of Options.Hashers must have its form: the
// report names those of which there is none. What a record has beside the
// columns of Latchkey goes into the fields of the application's user type with
// the same JSON names, and the report counts what has no such field. So a
// member username is the user's name where the type embeds latchkey.Named: one
// that is no name there, or is taken, refuses the record, unless Options.Rename
// has "" for it.
//
// Sources are [JSONLines], which everything can be written to, and the
// databases of [FastAPIUsers], [Supabase], [BetterAuth], [AuthJS], [Devise] and
// [Django]; [Table] reads any other table of users. They use database/sql: open
// the database with the driver of your choice.
//
// Security notes. Sessions, mailed tokens and second factors are not read, nor
// are providers' tokens, unless [TableOptions.Tokens] is set. The report has
// keys of the source, and neither addresses nor hashes. What users of Supabase
// have written about themselves only goes into columns that their owners may
// write. A record is not trusted: no text in it is stored that a store could
// not hold exactly, and hashes that would cost too much are refused.
package importers

import (
	"context"
	"iter"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Record is a user of another system.
type Record struct {
	// Key is the record's place in its source. Records come in the order of
	// their keys, each once.
	Key string
	// ID is who the user is there; "" where the source has none, and the
	// address takes its place. See IDs.
	ID    string
	Email string
	// Hash is the password's, "" for none.
	Hash                        core.PasswordHash
	Verified, Active, Superuser bool
	// Created and SuspendedUntil are zero if there is none.
	Created, SuspendedUntil time.Time
	SuspendedFor            string
	// Own are further members, for the application's own columns. ByOwner
	// are those that the user could write there: they go into columns with
	// an auth tag alone.
	Own, ByOwner core.Object
	Links        []Link
	// Left are words for what of the user stays behind, such as "second
	// factor".
	Left []string
	// Skip is why the record is nobody who could log in, such as
	// "anonymous". Fault is what is wrong with it. Either leaves it out.
	Skip, Fault string
}

// secondFactor is a word for Record.Left.
const secondFactor = "second factor"

// Link is an account at a provider.
type Link struct {
	Provider, Subject string
	Email             string // what the provider says, or ""
	// Tokens are the provider's, in clear; they print as "[tokens]".
	Tokens core.OAuthTokens
}

// Source has the users of another system. Records returns those whose keys come
// after the given one, all for "". What is wrong with one record is its Fault;
// an error ends the sequence. It is called more than once.
type Source interface {
	Records(ctx context.Context, after string) iter.Seq2[Record, error]
}

// Target is where users go: *latchkey.Manager is one, whose methods have the
// descriptions.
type Target[U any] interface {
	CanonicalEmail(address string) (key string, err error)
	CheckHash(hash core.PasswordHash) error
	Find(ctx context.Context, id string) (*U, error)
	Import(ctx context.Context, u *U, hash core.PasswordHash, links ...core.OAuthAccount) error
	TryImport(ctx context.Context, u *U, hash core.PasswordHash, links ...core.OAuthAccount) error
}
