package session

import (
	"crypto/rand"
	"errors"
	"io"
	"time"
)

// Options configures a session strategy. The zero value is ready to use.
type Options struct {
	// Idle is how long a session may go unused before it expires. At least
	// 1 minute. Default: 7 days, or Absolute if that is shorter.
	Idle time.Duration
	// Absolute is how long after the login a session expires, however busy
	// it is. Default: 30 days.
	Absolute time.Duration
	// BriefIdle and BriefAbsolute take the place of Idle and Absolute for a
	// login with "remember": false, whose cookie ends with the browser. At
	// least 1 minute, and at most Idle and Absolute. Default: 2 hours and
	// 24 hours, or Idle and Absolute if these are shorter.
	BriefIdle, BriefAbsolute time.Duration
	// TouchEvery is how old LastSeen must be before a request updates it,
	// so that not every request writes. A session may thus expire up to
	// TouchEvery before it was idle for Idle. From 1 second to half of Idle
	// and of BriefIdle. Default: 5 minutes, or a tenth of the shorter of
	// these two if that is shorter.
	TouchEvery time.Duration
	// MaxPerUser is how many sessions a user may have at a backend. A login
	// beyond them revokes the oldest, so that sessions do not pile up. At
	// most 1,000; negative: no limit. It needs a core.SessionTrimmer, which
	// every store of this project is; New refuses a number with any other
	// store. Default: 100, or no limit if the store is not one.
	MaxPerUser int
	// LocalCacheTTL is how long this process may reuse what it read of a
	// session, at most 5 seconds, so that not every request queries the
	// store. What this process revokes is refused at once. What another
	// process revokes, or deletes from the store, or this one revokes
	// inside a transaction that is committed later, is let through for up
	// to LocalCacheTTL more. Whether the user is active, and the epoch, are
	// checked as before, unless Options.EpochTTL of the front door says
	// otherwise. It is meant for SQL stores and MongoDB; redisstore has its
	// own cache, which is notified of revocations. Default: 0, the store is
	// queried each time.
	LocalCacheTTL time.Duration
	// Prefix begins every token, so that secret scanners recognise one that
	// leaked: at most 16 of A-Z a-z 0-9 _ -. Changing it revokes all
	// sessions. Default: none.
	Prefix string
	// Now returns the current time. Default: time.Now.
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
	if o.BriefAbsolute == 0 {
		o.BriefAbsolute = min(24*time.Hour, o.Absolute)
	}
	if o.BriefIdle == 0 {
		o.BriefIdle = min(max(2*time.Hour, 2*o.TouchEvery), o.Idle, o.BriefAbsolute)
	}
	if o.TouchEvery == 0 {
		o.TouchEvery = min(5*time.Minute, o.Idle/10, o.BriefIdle/10)
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
	refuse(o.BriefIdle < min(time.Minute, o.Idle), "BriefIdle is shorter than a minute")
	refuse(o.BriefIdle > o.Idle, "BriefIdle is longer than Idle")
	refuse(o.BriefAbsolute < o.BriefIdle, "BriefAbsolute is shorter than BriefIdle")
	refuse(o.BriefAbsolute > o.Absolute, "BriefAbsolute is longer than Absolute")
	refuse(o.TouchEvery < time.Second, "TouchEvery is shorter than a second")
	refuse(o.TouchEvery > o.Idle/2, "TouchEvery is longer than half of Idle")
	refuse(o.TouchEvery > o.BriefIdle/2, "TouchEvery is longer than half of BriefIdle")
	refuse(o.MaxPerUser > 1000, "MaxPerUser is over 1,000")
	refuse(o.LocalCacheTTL < 0 || o.LocalCacheTTL > 5*time.Second, "LocalCacheTTL is not within 0 and 5 seconds")
	refuse(len(o.Prefix) > 16, "Prefix is longer than 16 bytes")
	refuse(!base64url(o.Prefix), "Prefix has characters other than A-Z a-z 0-9 _ -")
	return errors.Join(problems...)
}
