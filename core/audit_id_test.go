package core_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var recorded = time.Date(2026, 5, 4, 12, 30, 0, 123456000, time.UTC)

func nextID(t *testing.T, ids *core.RecordIDs, at time.Time) string {
	t.Helper()
	id, err := ids.Next(at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&core.Record{ID: id, At: at, Action: core.EventLoggedIn}).Check(); err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return id
}

// Those of one microsecond are in the order in which they were made, whatever
// else was recorded in between.
func TestRecordIDsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var ids core.RecordIDs
	var early, late []string
	for i := range 10_000 {
		early = append(early, nextID(t, &ids, recorded))
		late = append(late, nextID(t, &ids, recorded.Add(time.Microsecond)))
		if i < 250 {
			nextID(t, &ids, recorded.Add(time.Duration(i-100)*time.Second))
		}
	}
	for name, all := range map[string][]string{"early": early, "late": late, "both": append(early, late...)} {
		if !slices.IsSorted(all) || len(slices.Compact(all)) != len(all) {
			t.Errorf("%s: %d IDs are not in their order, or not different", name, len(all))
		}
	}
}

// How far apart two IDs are does not show how many records are in between.
func TestRecordIDsDoNotCount(t *testing.T) {
	t.Parallel()
	var ids core.RecordIDs
	half := func() uint64 {
		n, err := strconv.ParseUint(nextID(t, &ids, recorded)[16:], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const many = 100
	first, last := half(), uint64(0)
	for range many {
		last = half()
	}
	if apart := last - first; apart < many*1000 {
		t.Errorf("%d records are %d apart", many, apart)
	}
}

func TestRecordIDsOverflow(t *testing.T) {
	t.Parallel()
	most := bytes.Repeat([]byte{0xff}, 8)
	var ids core.RecordIDs
	last := ""
	for range 100_000 {
		id, err := ids.Next(recorded, bytes.NewReader(most))
		if err != nil || id <= last {
			t.Fatalf("%s follows %s, %v", id, last, err)
		}
		last = id
	}
}

func TestRecordIDsNeedRandomBytes(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	if _, err := core.NewRecordID(recorded, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := core.NewRecordID(recorded, strings.NewReader("short")); err == nil {
		t.Error("5 bytes make an ID")
	}
	if _, err := core.NewRecordID(recorded, strings.NewReader("12345678")); err != nil {
		t.Errorf("8 bytes make none: %v", err)
	}
}
