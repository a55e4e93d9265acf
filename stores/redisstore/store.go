package redisstore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/recent"
	"github.com/redis/rueidis"
)

// Store is a connection to a Redis, a Redis Cluster or a Redis behind
// Sentinels. It is safe for concurrent use.
type Store struct {
	client   rueidis.Client
	primary  *primary
	stop     context.CancelFunc
	prefix   string
	now      func() time.Time
	log      *slog.Logger
	sessions *Sessions
	tickets  *Tickets
	limiter  *Limiter
}

// New connects to a Redis of version 6 or later, and fails if there is none.
// The store owns its client, because the bounds that Sessions promises depend
// on settings of the client. New sets those that are zero: 1 second each for
// Dialer.Timeout, Dialer.KeepAlive and ConnWriteTimeout. The error joins every
// problem with the settings.
func New(client rueidis.ClientOption, o Options) (*Store, error) {
	if err := errors.Join(checkClient(client), o.check()); err != nil {
		return nil, err
	}
	clock := elapsed.New(o.Now)
	o = o.withDefaults()
	s := &Store{prefix: o.Prefix, now: o.Now, log: o.Log}
	s.sessions, s.tickets, s.limiter = newSessions(s, recent.NewSessions(o.CacheSessions, maxAge, clock)), newTickets(s),
		newLimiter(s)

	s.primary = newPrimary(s.sessions.cache.Flush)
	client = bounded(client, s.sessions.keys)
	client.OnInvalidations, client.DialCtxFn = s.sessions.invalidate, s.primary.dial(client)
	var err error
	if s.client, err = rueidis.NewClient(client); err != nil {
		return nil, fmt.Errorf("redisstore: connect: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if s.client.Mode() != rueidis.ClientModeCluster { // whose replicas answer nothing by themselves
		s.primary.ask = s.hello
		go s.primary.watch(ctx)
	}
	return s, nil
}

func (s *Store) hello(ctx context.Context) (rueidis.RedisMessage, error) {
	return s.client.Do(ctx, s.client.B().Arbitrary("HELLO", "3").Build()).ToMessage()
}

// Sessions returns the session store in this Redis.
func (s *Store) Sessions() *Sessions { return s.sessions }

// Tickets returns the store of one-time tokens in this Redis.
func (s *Store) Tickets() *Tickets { return s.tickets }

// Limiter returns the limiter in this Redis; all nodes of an application share
// its limits.
func (s *Store) Limiter() *Limiter { return s.limiter }

// Close closes the connections once the calls in progress have returned. Later
// calls return errors.
func (s *Store) Close() {
	s.stop()
	s.client.Close()
}

// do runs a command, and calls read with its reply unless that is an error or
// nil.
func (s *Store) do(ctx context.Context, what string, c rueidis.Completed, read func(rueidis.RedisMessage) error) error {
	return s.call(ctx, what, func(ctx context.Context) error {
		answer, err := s.client.Do(ctx, c).ToMessage()
		if err == nil && read != nil {
			err = read(answer)
		}
		return err
	})
}

// script is a Lua script, which Redis runs as one atomic step, and what it
// does, for errors. All keys of a script are in one slot.
type script struct {
	what string
	lua  *rueidis.Lua
}

func newScript(what, text string) script { return script{what, rueidis.NewLuaScript(text)} }

// prelude begins scripts that must not fail because of what somebody else has
// put into Redis: sane deletes a key that holds another kind of value. Such a
// script returns a number, and damaged.
const prelude = `
local damaged = 0
local function forget(key)
	damaged = 1
	redis.call('DEL', key)
end
local function sane(key, kind)
	local is = redis.call('TYPE', key).ok
	if is ~= kind and is ~= 'none' then
		forget(key)
	end
end
`

// exec runs a script. A nil reply is not an error.
func (s *Store) exec(
	ctx context.Context, script script, keys []string, args ...string,
) (answer rueidis.RedisMessage, err error) {
	err = s.call(ctx, script.what, func(ctx context.Context) (err error) {
		answer, err = script.lua.Exec(ctx, s.client, keys, args).ToMessage()
		if rueidis.IsRedisNil(err) {
			err = nil
		}
		return err
	})
	return answer, err
}

// count runs a script with the prelude, and returns its number.
func (s *Store) count(ctx context.Context, script script, keys []string, args ...string) (int64, error) {
	answer, err := s.exec(ctx, script, keys, args...)
	if err != nil {
		return 0, err
	}
	numbers, err := answer.AsIntSlice()
	if err == nil && len(numbers) != 2 {
		err = errors.New("unexpected form of the reply")
	}
	if err != nil {
		return 0, wrap(script.what, err)
	}
	if numbers[1] != 0 {
		s.log.ErrorContext(ctx, "redisstore: a value could not be read and was deleted", "to", script.what, "keys", keys)
	}
	return numbers[0], nil
}

// text returns a digest as a part of a key.
func text(d [32]byte) string { return base64.RawURLEncoding.EncodeToString(d[:]) }
