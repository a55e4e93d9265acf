package core

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// recordTimeLen is how many digits of a record's ID are its time.
const recordTimeLen = 16

// recordTime is how the ID of a record of this time begins.
func recordTime(at time.Time) string { return fmt.Sprintf("%0*x", recordTimeLen, at.UnixMicro()) }

// NewRecordID returns an ID for a record of this time: 32 hexadecimal digits,
// of which the second half is random. Use RecordIDs for records of one
// microsecond that are to stay in the order in which they were made.
func NewRecordID(at time.Time, random io.Reader) (string, error) {
	return new(RecordIDs).Next(at, random)
}

// recordTimes is how many times RecordIDs remembers.
const recordTimes = 256

// RecordIDs makes the IDs of records, as NewRecordID does. Of two with the same
// time the later one is the greater, unless those of 256 other times were made
// between the two. The zero value is ready, and safe for concurrent use.
type RecordIDs struct {
	mu     sync.Mutex
	recent [recordTimes]struct {
		at   string
		half uint64 // the second half of the last ID of this time
	}
	next int // which of recent is replaced next
}

// Next returns an ID for a record of this time. Its second half is random, and
// after another one of the same time it is greater by a random number: IDs do
// not show how many there are.
func (ids *RecordIDs) Next(at time.Time, random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("latchkey: making an audit record's ID: %w", err)
	}
	half, begin := binary.BigEndian.Uint64(b[:]), recordTime(at)
	ids.mu.Lock()
	defer ids.mu.Unlock()
	for i := range ids.recent {
		if one := &ids.recent[i]; one.at == begin {
			one.half += 1 + half>>40
			return fmt.Sprintf("%s%016x", begin, one.half), nil
		}
	}
	half >>= 1 // which leaves room for 2^39 more
	ids.recent[ids.next].at, ids.recent[ids.next].half = begin, half
	ids.next = (ids.next + 1) % recordTimes
	return fmt.Sprintf("%s%016x", begin, half), nil
}
