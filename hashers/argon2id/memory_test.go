package argon2id_test

import (
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"testing"

	"github.com/latchkey-go/latchkey/hashers/argon2id"
)

// Two that hash without pause take the memory of two hashes, or three while one
// of them begins: what the last ones left is used again. Both beginning in the
// same moment can take four, as always without that, so the best of some runs
// counts.
func TestGarbageOfHashesDoesNotAddUp(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	h := newHasher(t, argon2id.Options{})
	var hashes float64
	for range 6 {
		if hashes = float64(mostHeap(t, h)) / (19 << 20); hashes < 3.5 {
			return
		}
	}
	t.Errorf("two at once took the memory of %.1f hashes", hashes)
}

// mostHeap is by how much the heap grew, in bytes and garbage included, while
// two goroutines hashed.
func mostHeap(t *testing.T, h *argon2id.Hasher) uint64 {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(heap)
	before := heap[0].Value.Uint64()
	var working atomic.Int32
	for range 2 {
		working.Add(1)
		go func() {
			defer working.Add(-1)
			for range 16 {
				if _, err := h.Hash("on computable numbers"); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	most := before
	for working.Load() > 0 {
		metrics.Read(heap)
		most = max(most, heap[0].Value.Uint64())
		runtime.Gosched()
	}
	return most - before
}
