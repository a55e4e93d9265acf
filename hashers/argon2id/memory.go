package argon2id

import (
	"runtime"
	"runtime/metrics"
	"sync"
)

var collecting sync.Mutex

// makeRoom collects the garbage of earlier hashes if taking size bytes would
// set a collection off. The runtime starts that one after the allocation, with
// the garbage still there, and on busy cores ends it a hash later: then four to
// six times a hash's memory is in use for two at work. It follows the heap's
// goal, and with it GOGC and GOMEMLIMIT. Where there is more to scan than a
// hash has to fill, in the heap of a large application, it leaves the matter to
// the runtime.
func makeRoom(size uint64) {
	collecting.Lock() // whoever waited finds that it is done
	defer collecting.Unlock()
	seen := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/scan/heap:bytes"}}
	metrics.Read(seen)
	for _, s := range seen {
		if s.Value.Kind() != metrics.KindUint64 {
			return // a Go that has it no more
		}
	}
	goal, objects, toScan := seen[0].Value.Uint64(), seen[1].Value.Uint64(), seen[2].Value.Uint64()
	due := objects+size > goal-goal/20 // a collection starts at 95 % of the way at the latest
	if due && objects > size && toScan < size {
		runtime.GC()
	}
}
