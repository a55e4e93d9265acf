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
// [Sessions] keeps recently used sessions decoded in the process. Redis
// notifies it when one of them changes (CLIENT TRACKING, RESP3), so a warm
// lookup costs no round trip and a session is still revoked at once.
//
// [Tickets] is meant for denied JWT IDs, burned OAuth states and exchange
// codes. Tickets whose effect is a change of a user, such as those of
// flows/verify and flows/reset, belong in the users' store, where both happen
// in one transaction.
//
// Security notes. Keys and values hold SHA-256 digests of tokens, user IDs and
// limiters' keys, never a token; a session's value holds the fields of
// core.Session, including the address and the device. A logout is as durable as
// the server: see the README for the settings under which a restart, an
// eviction or a failover brings nothing back. Within 5 seconds the store stops
// using a server that has become a replica. Losing a floor or a session row
// does little harm: the front door compares a session's epoch with its user's
// after every lookup. Errors say what failed and quote the server, never an
// argument.
package redisstore
