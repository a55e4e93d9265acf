package redisstore

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Options of a Store. The zero value is ready for use.
type Options struct {
	// Prefix begins every key, so that several applications may share a
	// Redis. Default: "latchkey:". It has no { or }, which mean something
	// in a Redis Cluster.
	Prefix string
	// CacheSessions is about how many sessions the process keeps decoded.
	// Default: 65,536, which are some 30 MB once they are all in use;
	// sessions of more than 1 KiB are not kept, so it is never more than
	// 100 MB.
	CacheSessions int
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Log takes what the operator must know: values in Redis that cannot be
	// read. It never gets a secret. Default: slog.Default().
	Log *slog.Logger
}

const (
	// maxAge is how long a session is believed after it was asked for, even
	// if Redis says nothing.
	maxAge = 5 * time.Second
	// patience is how long Redis may take to answer. Beyond it the store
	// could not be asked.
	patience = time.Second
)

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = "latchkey:"
	}
	if o.CacheSessions == 0 {
		o.CacheSessions = 1 << 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Log = cmp.Or(o.Log, slog.Default())
	return o
}

func (o Options) check() error {
	return errors.Join(
		refuse(strings.ContainsAny(o.Prefix, "{}"), "Prefix has a brace"),
		refuse(o.CacheSessions < 0, "CacheSessions is negative"),
	)
}

// checkClient refuses what would break the bounds that this package promises.
func checkClient(c rueidis.ClientOption) error {
	return errors.Join(
		refuse(len(c.InitAddress) == 0, "the client has no InitAddress"),
		refuse(c.DisableCache || c.AlwaysRESP2, "the client must be able to cache: no DisableCache, no AlwaysRESP2"),
		refuse(c.SendToReplicas != nil || c.ReplicaOnly || len(c.Standalone.ReplicaAddress) > 0,
			"the client must not read from replicas, which may not know yet that a session has ended"),
		refuse(c.OnInvalidations != nil || c.NewCacheStoreFn != nil || c.ClientTrackingOptions != nil,
			"OnInvalidations, NewCacheStoreFn and ClientTrackingOptions of the client are the store's own"),
		refuse(c.PipelineMultiplex > 0 || c.DisableAutoPipelining,
			"the client must have one connection, or news of a change could be overtaken: no PipelineMultiplex, no DisableAutoPipelining"),
		outside("Dialer.KeepAlive", c.Dialer.KeepAlive),
		outside("ConnWriteTimeout", c.ConnWriteTimeout),
		outside("Dialer.Timeout", c.Dialer.Timeout),
	)
}

func outside(name string, d time.Duration) error {
	return refuse(d < 0 || d > maxAge,
		fmt.Sprintf("%s of the client is not within 0 and %v: a connection that hangs would be noticed too late", name,
			maxAge))
}

func refuse(wrong bool, problem string) error {
	if wrong {
		return errors.New("redisstore: " + problem)
	}
	return nil
}

// bounded fills in the times after which a connection counts as broken, and
// calls of a broken one as failed, and what Sessions needs: one connection to a
// server, on which the server sends the key of every session that changes
// (BCAST). It keeps no list of what was read, so that made-up tokens take no
// memory there. (The connection's own changes are sent as well, so no NOLOOP:
// what one caller ends must be gone for another who has seen that it ended.)
func bounded(c rueidis.ClientOption, sessions string) rueidis.ClientOption {
	for _, d := range []*time.Duration{&c.Dialer.KeepAlive, &c.ConnWriteTimeout, &c.Dialer.Timeout} {
		if *d == 0 {
			*d = patience
		}
	}
	if c.RetryDelay == nil {
		c.RetryDelay = retryDelay
	}
	c.PipelineMultiplex, c.ClientTrackingOptions = -1, []string{"BCAST", "PREFIX", sessions}
	return c
}

// retryDelay lets a read be tried again while a connection is replaced, and
// gives up soon where there is no server.
func retryDelay(attempts int, _ rueidis.Completed, _ error) time.Duration {
	if attempts > 4 {
		return -1
	}
	return 10 * time.Millisecond << attempts
}
