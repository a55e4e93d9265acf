// Package mongostore keeps Latchkey's users, their accounts at OAuth providers,
// their credentials, sessions, one-time tokens and rate limits in MongoDB 6 or
// later, through go.mongodb.org/mongo-driver/v2:
//
//	type Account struct {
//		core.User
//		FullName string `json:"full_name" auth:"register,update"`
//	}
//
//	const uri = "mongodb://localhost:27017/?replicaSet=rs0"
//	client, err := mongo.Connect(options.Client().ApplyURI(uri))
//	db := client.Database("app")
//	store, err := mongostore.New(db, mongostore.Options{})
//	users, err := mongostore.Users[Account](store)
//	err = store.Migrate(ctx)
//
// Then users, store.OAuthAccounts(), store.Credentials(), store.Sessions(),
// store.Tickets() and store.Limiter() are the parts that Latchkey asks for.
// Users finds store's transactions by itself; a server without them needs
// Options.Standalone.
//
// Security notes. Sessions, tokens and limits are stored under SHA-256 digests.
// The database contains no secret that could be presented to the application,
// but it does contain password hashes, and providers' tokens as they are passed
// in: the caller seals them first. Every filter is made of typed values whose
// names are constants, so that no input becomes an operator. Writes are
// acknowledged by a majority of the replica set and its journals, and reads go
// to the primary, whatever the client's own settings. Errors say what failed
// and quote the server's code, never the server's words, which quote the
// command; they are for logs, not for clients.
package mongostore
