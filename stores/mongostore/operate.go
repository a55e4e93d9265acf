package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Time returns the time of the server's clock, in whole milliseconds.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	ctx, stop := s.users.bounded(ctx)
	defer stop()
	var hello struct {
		Local time.Time `bson:"localTime"`
	}
	err := s.users.Database().RunCommand(alone(ctx), bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
	return hello.Local.UTC(), failed(ctx, "read the server's clock", err)
}

// Migrate is the Store's: the front door looks for it here.
func (us *UserStore[U]) Migrate(ctx context.Context) error { return us.s.Migrate(ctx) }

// Plan is the Store's.
func (us *UserStore[U]) Plan(ctx context.Context) ([]string, error) { return us.s.Plan(ctx) }

// Time is the Store's.
func (us *UserStore[U]) Time(ctx context.Context) (time.Time, error) { return us.s.Time(ctx) }

// Shared is true: MongoDB is a server.
func (us *UserStore[U]) Shared() bool { return true }
