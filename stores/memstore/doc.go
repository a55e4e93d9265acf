// Package memstore keeps users, their accounts at OAuth providers, their
// credentials, sessions, tickets, limits and audit records in memory: for
// tests, for development, and for a service of one process that may forget
// everybody at a restart.
//
//	users := memstore.NewUsers[Account]()
//	accounts := memstore.NewOAuthAccounts()
//	credentials := memstore.NewCredentials(nil)
//	sessions := memstore.NewSessions(nil)
//	tickets := memstore.NewTickets(nil)
//	limiter := memstore.NewLimiter(memstore.LimiterOptions{})
//	records := memstore.NewAudit()
//
// All seven are safe for concurrent use. There are no transactions: each call
// is atomic by itself, and nothing spans two calls.
//
// Security notes. Nothing is written to disk, so a restart loses every session,
// count and burned token; a token that was burned before the restart can then
// be presented once more while it has not expired. Processes share nothing:
// behind a load balancer use a store with a database.
package memstore
