package refresh

import (
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"time"
)

// Options configures a refresh strategy. The zero value is ready to use.
type Options struct {
	// Idle is how long a session may go without being renewed before it
	// expires. At least 1 minute. Default: 30 days, or Absolute if that is
	// shorter.
	Idle time.Duration
	// Absolute is how long after the login a session expires, however often
	// it is renewed. Default: 90 days.
	Absolute time.Duration
	// BriefIdle and BriefAbsolute take the place of Idle and Absolute for a
	// login with "remember": false, whose cookies end with the browser. At
	// least 1 minute, and at most Idle and Absolute. Default: 2 hours and
	// 24 hours, or Idle and Absolute if these are shorter.
	BriefIdle, BriefAbsolute time.Duration
	// Grace is how long after a rotation the refresh token before it still
	// gets its successor, and within which none is replaced again. From 1
	// second to 1 minute. A client whose network is bad needs more, and so
	// much longer a stolen token that was just replaced works unnoticed.
	// Default: 10 seconds.
	Grace time.Duration
	// MaxPerUser is how many sessions a user may have at a backend. A login
	// beyond them revokes the oldest, so that sessions do not pile up. At
	// most 1,000; negative: no limit. It needs a core.SessionTrimmer, which
	// every store of this project is; New refuses a number with any other
	// store. Default: 100, or no limit if the store is not one.
	MaxPerUser int
	// Stateless makes Verify accept an access token without a query of the
	// store, until it expires or its user's epoch rises. A logout, and the
	// end of a session by its owner, then ends its access tokens only where
	// the access strategy can (a JWT's deny list). Default: false, the
	// store is queried each time, so what was revoked ends at once.
	Stateless bool
	// Prefix begins every refresh token, so that secret scanners recognise
	// one that leaked: at most 16 of A-Z a-z 0-9 _ -. Changing it revokes
	// all sessions. Default: "lkr_".
	Prefix string
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
	// Random is the source of tokens. Default: crypto/rand.Reader.
	Random io.Reader
}

func (o Options) withDefaults() Options {
	if o.Absolute == 0 {
		o.Absolute = 90 * 24 * time.Hour
	}
	if o.Idle == 0 {
		o.Idle = min(30*24*time.Hour, o.Absolute)
	}
	if o.BriefAbsolute == 0 {
		o.BriefAbsolute = min(day, o.Absolute)
	}
	if o.BriefIdle == 0 {
		o.BriefIdle = min(2*time.Hour, o.Idle, o.BriefAbsolute)
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Prefix == "" {
		o.Prefix = "lkr_"
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
			problems = append(problems, errors.New("refresh: "+problem))
		}
	}
	odd := func(c rune) bool { return !strings.ContainsRune(letters, c) }
	refuse(o.Idle < time.Minute, "Idle is shorter than a minute")
	refuse(o.Absolute < o.Idle, "Absolute is shorter than Idle")
	refuse(o.BriefIdle < min(time.Minute, o.Idle), "BriefIdle is shorter than a minute")
	refuse(o.BriefIdle > o.Idle, "BriefIdle is longer than Idle")
	refuse(o.BriefAbsolute < o.BriefIdle, "BriefAbsolute is shorter than BriefIdle")
	refuse(o.BriefAbsolute > o.Absolute, "BriefAbsolute is longer than Absolute")
	refuse(o.Grace < time.Second || o.Grace > time.Minute, "Grace is not within a second and a minute")
	refuse(o.MaxPerUser > 1000, "MaxPerUser is over 1,000")
	refuse(len(o.Prefix) > 16, "Prefix is longer than 16 bytes")
	refuse(strings.ContainsFunc(o.Prefix, odd), "Prefix has characters other than A-Z a-z 0-9 _ -")
	return errors.Join(problems...)
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
