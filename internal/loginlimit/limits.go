package loginlimit

import (
	"math"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// hour is the longest window that an identifier of nobody has.
const hour = time.Hour

// Short returns the limits with a window of an hour at most. The shortest
// window is first, so they are those before the long ones.
func Short(limits []core.Limit) []core.Limit {
	for i, l := range limits {
		if l.Window > hour {
			return limits[:i]
		}
	}
	return limits
}

// OfUserLimits returns the limits of OfUser's key: the long ones, or all where
// the user has no count by one identifier alone.
func OfUserLimits(limits []core.Limit, u core.AnyUser) []core.Limit {
	if whole(u) {
		return limits
	}
	return limits[len(Short(limits)):]
}

// OfNobodyLimits returns the limits of OfNobody's key, for users of u's type.
// There are some where OfUserLimits has some, and they end within an hour: what
// anybody can make up leaves nothing for a month at the limiter.
func OfNobodyLimits(limits []core.Limit, u core.AnyUser) []core.Limit {
	named := core.NamedOf(u) != nil
	if short := Short(limits); named && len(short) > 0 {
		return short
	}
	if long := limits[len(Short(limits)):]; len(long) > 0 {
		return []core.Limit{{Events: long[0].Events, Window: hour}}
	}
	return nil
}

// Relaxed returns limits of which the short ones count and refuse nothing.
func Relaxed(limits []core.Limit) []core.Limit {
	limits = slices.Clone(limits)
	for i := range Short(limits) {
		limits[i].Events = math.MaxInt32
	}
	return limits
}
