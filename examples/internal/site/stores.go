package site

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/rueidis"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// stores holds the application's stores.
type stores struct {
	users    core.UserStore[Account]
	accounts core.OAuthAccountStore
	sessions core.SessionStore
	tickets  core.TicketStore // those whose effect is on users
	codes    core.TicketStore // the others: what lives for minutes, and denied JWTs
	limiter  core.Limiter     // nil: in memory
	factors  core.CredentialStore
	audit    core.AuditStore
	closers  []func() error
}

func (s stores) close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// databases maps the schemes of DATABASE_URL to their stores.
var databases = map[string]func(context.Context, Config, *stores) error{
	"file": inSQLite, "postgres": inPostgres, "mysql": inMySQL, "mongodb": inMongoDB,
}

// open connects to the database of DATABASE_URL, by its scheme, and creates its
// tables. Sessions move to REDIS_URL if it is set.
func open(ctx context.Context, cfg Config) (stores, error) {
	var s stores
	if err := databases[cfg.scheme()](ctx, cfg, &s); err != nil {
		return stores{}, errors.Join(fmt.Errorf("the database %s cannot be used: %w", cfg.Where(), err), s.close())
	}
	s.codes = s.tickets
	if cfg.redis == "" {
		return s, nil
	}
	if err := inRedis(cfg, &s); err != nil {
		return stores{}, errors.Join(fmt.Errorf("REDIS_URL: %w", err), s.close())
	}
	return s, nil
}

// inMongoDB uses transactions where the URL names a replica set.
func inMongoDB(ctx context.Context, cfg Config, s *stores) error {
	u, err := url.Parse(cfg.Database)
	if err != nil {
		return errors.New("not a URL")
	}
	client, err := mongo.Connect(options.Client().ApplyURI(cfg.Database))
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { return client.Disconnect(context.Background()) })
	store, err := mongostore.New(client.Database(strings.TrimPrefix(u.Path, "/")),
		mongostore.Options{Standalone: !u.Query().Has("replicaSet")})
	if err != nil {
		return err
	}
	users, err := mongostore.Users[Account](store)
	if err != nil {
		return err
	}
	s.users, s.accounts, s.sessions, s.tickets, s.limiter = users, store.OAuthAccounts(), store.Sessions(),
		store.Tickets(), store.Limiter()
	s.factors, s.audit = store.Credentials(), store.Audit()
	return store.Migrate(ctx)
}

// inRedis moves what lives for a while to Redis: sessions, limits, and the
// tickets that change no user.
func inRedis(cfg Config, s *stores) error {
	client, err := rueidis.ParseURL(cfg.redis)
	if err != nil {
		return errors.New("it must be like redis://:password@host:6379/0")
	}
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { store.Close(); return nil })
	s.sessions, s.codes, s.limiter = store.Sessions(), store.Tickets(), store.Limiter()
	return nil
}
