// Package redisstore keeps Latchkey's sessions, one-time tokens and rate limits
// in Redis, through github.com/redis/rueidis, for applications that run on
// several machines. Users stay in a database, such as bunstore's.
//
//	const url = "redis://:password@redis.internal:6379/0"
//	client, err := rueidis.ParseURL(url)
//	store, err := redisstore.New(client, redisstore.Options{}) // connects
//	defer store.Close()
//
//	sessions, err := session.New(store.Sessions(), session.Options{})
//	denied := store.Tickets()
//	tokens, err := jwt.New(jwt.Options{Keys: keys, Denied: denied})
//	auth, err := latchkey.New(users, latchkey.Options[Account]{
//		Limiter: store.Limiter(), …
//	})
//
// [Sessions] keeps recently used sessions decoded in the process. Redis says
// when one of them changes (CLIENT TRACKING, RESP3), so a warm lookup costs no
// round trip and a session still ends at once.
//
// [Tickets] is meant for denied JWT ids, burned OAuth states and exchange
// codes. Tickets whose effect is a change of a user, such as those of
// flows/verify and flows/reset, belong beside the users, where both are one
// transaction.
//
// Security notes. Keys and values hold SHA-256 digests of tokens, user ids and
// limiters' keys, never a token; a session's value holds what core.Session has,
// the address and the device among it. A logout is as durable as the server:
// see the README for the settings with which a restart, an eviction or a
// fail-over brings nothing back. A server that has become a replica is left
// within 5 seconds. What a lost floor or a lost session row costs is little:
// the front door compares a session's epoch with its user's after every lookup.
// Errors name what failed and the server's words, never an argument.
package redisstore
