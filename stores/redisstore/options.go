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

// Options configures a Store. The zero value is ready to use.
type Options struct {
	// Prefix begins every key, so that several applications may share a
	// Redis. It must not contain { or }, which have a meaning in a Redis
	// Cluster. Default: "latchkey:".
	Prefix string
	// CacheSessions is about how many sessions the process keeps decoded.
	// Sessions of more than 1 KiB are not cached, so the default never
	// takes more than 100 MB. Default: 65,536, about 30 MB once they are
	// all in use.
	CacheSessions int
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
	// Log receives messages for operators: values in Redis that cannot be
	// read. They contain no secrets. Default: slog.Default().
	Log *slog.Logger
}

const (
	// maxAge is how long a session is cached even if Redis sends nothing.
	maxAge = 5 * time.Second
	// patience is how long Redis may take to answer. After that the store
	// counts as unreachable.
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
		refuse(strings.ContainsAny(o.Prefix, "{}"), "Prefix contains a brace"),
		refuse(o.CacheSessions < 0, "CacheSessions is negative"),
	)
}

// checkClient refuses settings that would break the bounds that this package
// promises.
func checkClient(c rueidis.ClientOption) error {
	return errors.Join(
		refuse(len(c.InitAddress) == 0, "the client has no InitAddress"),
		refuse(c.DisableCache || c.AlwaysRESP2, "the client must be able to cache: no DisableCache, no AlwaysRESP2"),
		refuse(c.SendToReplicas != nil || c.ReplicaOnly || len(c.Standalone.ReplicaAddress) > 0,
			"the client must not read from replicas, which may not know yet that a session was revoked"),
		refuse(c.OnInvalidations != nil || c.NewCacheStoreFn != nil || c.ClientTrackingOptions != nil,
			"OnInvalidations, NewCacheStoreFn and ClientTrackingOptions of the client are set by the store"),
		refuse(c.PipelineMultiplex > 0 || c.DisableAutoPipelining,
			"the client must have one connection, or a notice of a change could be overtaken: no PipelineMultiplex, no DisableAutoPipelining"),
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

// bounded sets the times after which a connection counts as broken, and calls
// of a broken one as failed. It also sets up what Sessions needs: one
// connection to a server, on which the server sends the key of every session
// that changes (BCAST). The server keeps no list of what was read, so made-up
// tokens take no memory there. (The connection's own changes are sent as well,
// so no NOLOOP: what one caller revokes must be gone for another who has seen
// that it was revoked.)
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

// retryDelay allows another try of a read while a connection is replaced, and
// stops soon if there is no server.
func retryDelay(attempts int, _ rueidis.Completed, _ error) time.Duration {
	if attempts > 4 {
		return -1
	}
	return 10 * time.Millisecond << attempts
}
