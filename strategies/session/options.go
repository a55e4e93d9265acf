package session

import (
	"crypto/rand"
	"errors"
	"io"
	"time"
)

// Options of a session strategy. The zero value is ready for use.
type Options struct {
	// Idle ends a session that was not used for so long. Default: 7 days,
	// or Absolute if that is shorter. At least a minute.
	Idle time.Duration
	// Absolute ends a session so long after the login, however busy it is.
	// Default: 30 days.
	Absolute time.Duration
	// TouchEvery is how old LastSeen must be before a request writes it
	// anew, so that not every request writes. A session may thus end up to
	// TouchEvery before it was idle for Idle. Default: 5 minutes, or a
	// tenth of Idle if that is shorter. From a second to half of Idle.
	TouchEvery time.Duration
	// MaxPerUser is how many sessions a user may have at a backend. A login
	// beyond them ends the oldest, so that nobody's pile up. At most 1,000;
	// negative: no limit. Every store of this project is a
	// core.SessionTrimmer, which it needs; New refuses a number for
	// another. Default: 100, or no limit for a store that is none.
	MaxPerUser int
	// LocalCacheTTL is how long this process believes what the store told
	// it of a session, at most 5 seconds, so that not every request asks.
	// What this process revokes still ends at once; what another process
	// revokes, or deletes from the store, or this one revokes inside a
	// transaction that is committed later, is let through for up to
	// LocalCacheTTL more (the user's activity and epoch are asked for as
	// ever, unless Options.EpochTTL of the front door says otherwise). It
	// is for stores of SQL and MongoDB; redisstore keeps its own cache,
	// which hears of revocations. Default: 0, the store is asked each time.
	LocalCacheTTL time.Duration
	// Prefix stands before every token, so that secret scanners recognise
	// one that leaked: at most 16 of A-Z a-z 0-9 _ -. Default: none.
	// Changing it ends all sessions.
	Prefix string
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Random is the source of tokens. Default: crypto/rand.Reader.
	Random io.Reader
}

func (o Options) withDefaults() Options {
	if o.Absolute == 0 {
		o.Absolute = 30 * 24 * time.Hour
	}
	if o.Idle == 0 {
		o.Idle = min(7*24*time.Hour, o.Absolute)
	}
	if o.TouchEvery == 0 {
		o.TouchEvery = min(5*time.Minute, o.Idle/10)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return o
}

func (o Options) check() error {
	var problems []error
	refuse := func(wrong bool, problem string) {
		if wrong {
			problems = append(problems, errors.New("session: "+problem))
		}
	}
	refuse(o.Idle < time.Minute, "Idle is shorter than a minute")
	refuse(o.Absolute < o.Idle, "Absolute is shorter than Idle")
	refuse(o.TouchEvery < time.Second, "TouchEvery is shorter than a second")
	refuse(o.TouchEvery > o.Idle/2, "TouchEvery is longer than half of Idle")
	refuse(o.MaxPerUser > 1000, "MaxPerUser is over 1,000")
	refuse(o.LocalCacheTTL < 0 || o.LocalCacheTTL > 5*time.Second, "LocalCacheTTL is not within 0 and 5 seconds")
	refuse(len(o.Prefix) > 16, "Prefix is longer than 16 bytes")
	refuse(!base64url(o.Prefix), "Prefix has characters other than A-Z a-z 0-9 _ -")
	return errors.Join(problems...)
}
