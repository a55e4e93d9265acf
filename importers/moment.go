package importers

import (
	"errors"
	"strings"
	"time"
)

var (
	errMoment = errors.New("is no date")
	errBool   = errors.New("is neither true nor false")
)

// layouts are how databases and their drivers write dates. Without a zone they
// are UTC, which is what Rails, Django and Prisma store.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999Z07",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999 -0700 MST", // Go's time.Time in SQLite
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02",
}

// Where numbers stop being seconds since 1970, and then milliseconds: as the
// former each is the year 5138, as the latter 1973.
const (
	milliseconds = 100_000_000_000
	microseconds = 100_000_000_000_000
)

// moment reads a date of a database; the zero time is NULL, an empty text, and
// MySQL's 0000-00-00.
func moment(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v.UTC(), nil
	case int64:
		return number(v), nil
	case float64:
		if v < -1e18 || v > 1e18 || v != v {
			return time.Time{}, errMoment
		}
		return number(int64(v)), nil
	case []byte:
		return moment(string(v))
	case string:
		return written(strings.TrimSpace(v))
	}
	return time.Time{}, errMoment
}

func number(n int64) time.Time {
	switch {
	case n >= microseconds || n <= -microseconds:
		return time.UnixMicro(n).UTC()
	case n >= milliseconds || n <= -milliseconds:
		return time.UnixMilli(n).UTC()
	}
	return time.Unix(n, 0).UTC()
}

func written(text string) (time.Time, error) {
	switch {
	case text == "" || strings.HasPrefix(text, "0000-00-00"):
		return time.Time{}, nil
	case text == "infinity": // PostgreSQL's
		return forGood, nil
	}
	if digits := strings.TrimPrefix(text, "-"); len(digits) >= 9 && len(digits) <= 18 &&
		strings.Trim(digits, "0123456789") == "" {
		var n int64
		for _, d := range digits {
			n = 10*n + int64(d-'0')
		}
		if digits != text {
			n = -n
		}
		return number(n), nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errMoment
}

// truth reads a boolean of a database, which may also be the date since which
// it is true. NULL is false.
func truth(v any) (bool, error) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case int64:
		return v != 0, nil
	case float64:
		return v != 0, nil
	case []byte:
		if len(v) == 1 && v[0] <= 1 { // MySQL's BIT(1)
			return v[0] == 1, nil
		}
		return truth(string(v))
	case string:
		switch strings.ToLower(v) {
		case "t", "true", "1", "y", "yes", "on":
			return true, nil
		case "", "f", "false", "0", "n", "no", "off":
			return false, nil
		}
	}
	t, err := moment(v)
	if err != nil {
		return false, errBool
	}
	return !t.IsZero(), nil
}
