// Package floors says for how long stores of sessions keep a user's floor, the
// epoch below which no session may be created.
//
//	type Sessions struct {
//		floors floors.Life
//		…
//	}
//	ends := now.Add(s.floors.Length())
//
// Security notes. A floor that ends too early lets a login which began before
// all sessions were ended make one afterwards; the front door still refuses it
// by its epoch.
package floors

import (
	"sync/atomic"
	"time"
)

// Unknown is the length of a Life that nobody has set.
const Unknown = 400 * 24 * time.Hour

// Life is how long a floor is kept. The zero value is Unknown. It is safe for
// concurrent use.
type Life struct{ longest atomic.Int64 }

// KeepFloors is core.FloorKeeper's.
func (l *Life) KeepFloors(d time.Duration) {
	for {
		longest := l.longest.Load()
		if int64(d) <= longest || l.longest.CompareAndSwap(longest, int64(d)) {
			return
		}
	}
}

// Length is the longest that KeepFloors was given, or Unknown.
func (l *Life) Length() time.Duration {
	if longest := l.longest.Load(); longest > 0 {
		return time.Duration(longest)
	}
	return Unknown
}
