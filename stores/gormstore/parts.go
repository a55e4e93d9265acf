package gormstore

import "github.com/latchkey-go/latchkey/internal/sqlstore"

// The parts of a Store. bunstore has the same, as it keeps the same rows.
type (
	// UserStore keeps users of the application's type U; Users makes it. It
	// is a core.UserStore[U], a core.EpochStore, a core.Transactor and a
	// core.Locker[U].
	UserStore[U any] = sqlstore.UserStore[U]
	// Sessions is a core.SessionStore, core.SessionLister,
	// core.SessionTrimmer and core.Sweeper. It does not keep core.Session's
	// Extra, which is of types that only a strategy knows.
	Sessions = sqlstore.Sessions
	// OAuthAccounts is a core.OAuthAccountStore. Its IDs are UUIDs. Tokens
	// are stored as they are given.
	OAuthAccounts = sqlstore.OAuthAccounts
	// Tickets is a core.TicketStore and a core.Sweeper.
	Tickets = sqlstore.Tickets
	// Limiter is a core.Limiter and a core.Sweeper. A key is stored as its
	// SHA-256, as it may hold an e-mail address. In a transaction that is
	// rolled back nothing has been counted, so count outside of one.
	Limiter = sqlstore.Limiter
)

// IDType is the type of the users' id column. In Go an id is text, whatever its
// column.
type IDType = sqlstore.IDType

const (
	// UUID: random ones (version 4, RFC 9562) where Latchkey makes them, in
	// lower case with dashes. Any spelling finds a user.
	UUID = sqlstore.UUID
	// Text: whatever the application gives, at most 255 bytes; 32 random
	// hexadecimal digits where it gives nothing.
	Text = sqlstore.Text
	// BigInt: numbers from 1, given by the database.
	BigInt = sqlstore.BigInt
)
