package redisstore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/recent"
	"github.com/redis/rueidis"
)

// Store is a connection to a Redis, a Redis Cluster or one behind Sentinels. It is safe for concurrent use.
type Store struct {
	client   rueidis.Client
	prefix   string
	now      func() time.Time
	sessions *Sessions
	tickets  *Tickets
	limiter  *Limiter
}

// New connects to a Redis of version 6 or later; it fails if there is none. The store owns its client, because the bounds that Sessions
// promises are settings of the client. New fills in those that are zero: a second each for Dialer.Timeout, Dialer.KeepAlive and
// ConnWriteTimeout. The error joins everything that is wrong with the settings.
func New(client rueidis.ClientOption, o Options) (*Store, error) {
	if err := errors.Join(checkClient(client), o.check()); err != nil {
		return nil, err
	}
	clock := elapsed.New(o.Now)
	o = o.withDefaults()
	s := &Store{prefix: o.Prefix, now: o.Now}
	s.sessions, s.tickets, s.limiter = newSessions(s, recent.NewSessions(o.CacheSessions, maxAge, clock)), newTickets(s), newLimiter(s)

	client = bounded(client)
	client.OnInvalidations = s.sessions.invalidate
	var err error
	if s.client, err = rueidis.NewClient(client); err != nil {
		return nil, fmt.Errorf("redisstore: connect: %w", err)
	}
	return s, nil
}

// Sessions keeps sessions in this Redis.
func (s *Store) Sessions() *Sessions { return s.sessions }

// Tickets keeps one-time tokens in this Redis.
func (s *Store) Tickets() *Tickets { return s.tickets }

// Limiter counts events in this Redis, so that all nodes of an application share the limits.
func (s *Store) Limiter() *Limiter { return s.limiter }

// Close ends the connections, once the calls under way have ended. Later calls are errors.
func (s *Store) Close() { s.client.Close() }

// do runs a command, for as long as patience lasts.
func (s *Store) do(ctx context.Context, c rueidis.Completed) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.client.Do(ctx, c)
}

// script is a Lua script, which Redis runs as one atomic step, and what it does, for errors. All keys of a script are in one slot.
type script struct {
	what string
	lua  *rueidis.Lua
}

func newScript(what, text string) script { return script{what, rueidis.NewLuaScript(text)} }

// exec runs a script, for as long as patience lasts. An answer that is absent is no error.
func (s *Store) exec(ctx context.Context, script script, keys []string, args ...string) (rueidis.RedisMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := script.lua.Exec(ctx, s.client, keys, args).ToMessage()
	if rueidis.IsRedisNil(err) {
		err = nil
	}
	return answer, wrap(script.what, err)
}

// did runs a script that answers whether it did something.
func (s *Store) did(ctx context.Context, script script, keys []string, args ...string) (bool, error) {
	answer, err := s.exec(ctx, script, keys, args...)
	if err != nil {
		return false, err
	}
	n, err := answer.AsInt64()
	return n == 1, wrap(script.what, err)
}

// wrap says what failed. It never adds an argument.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redisstore: %s: %w", what, err)
}

// text is a digest as a part of a key.
func text(d [32]byte) string { return base64.RawURLEncoding.EncodeToString(d[:]) }
