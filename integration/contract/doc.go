// Package contract holds the tests of the HTTP contract. They run on every
// adapter, in memory and over SQLite, through real connections.
//
//   - harness: the application under test, requests, and Want, which sends one
//     and checks the answer. Read harness/want.go first.
//   - routes: what each route answers, row by row.
//   - attacks: the cases of docs/attack-cases.md, by their ids.
//   - proofs: those of second factors, passkeys and mail logins, which run on
//     the SQL servers and Redis too, and the table of all ways to log in.
package contract
