package redisstore

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// FuzzDecode checks that decode reads exactly what encode writes.
func FuzzDecode(f *testing.F) {
	now := time.Now()
	for _, one := range []core.Session{
		{},
		{ID: "id", UserID: "ada", Backend: "web", Label: "Firefox", Epoch: 7, Created: now, LastSeen: now, Expires: now},
		{ID: "key", Scopes: []string{"read"}, Organization: "acme", Actor: "root", ActorSession: "s", ActorEpoch: 3, Brief: true},
		{Epoch: math.MinInt64, Proofs: []core.Proof{{Method: "password", At: now}, {}}},
	} {
		raw, err := encode(one)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(raw[:len(raw)-1])
		f.Add(strings.Replace(raw, "0", "x", 1))
		f.Add(rotating + raw[1:headWidth] + unrotated + raw[headWidth:])
		f.Add(rotating + raw[1:headWidth] + unrotated + raw[headWidth:] + "\x00")
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var one, again core.Session
		if decode(raw, &one) != nil {
			return
		}
		encoded, err := encode(one)
		if err == nil {
			err = decode(encoded, &again)
		}
		if err != nil || !reflect.DeepEqual(one, again) {
			t.Errorf("%q became %+v, then %+v, %v", raw, one, again, err)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	good, err := encode(core.Session{ID: "id", UserID: "ada", Proofs: []core.Proof{{Method: "password"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(good, new(core.Session)); err != nil {
		t.Fatal(err)
	}
	refused := []string{"b" + good[1:], "c" + good[1:], "d" + good[1:], "b" + good[1:] + "\x00",
		"b" + good[1:] + "\x16{\"later\": 1}", "a" + good[1:] + "\x1e{\"brief\": true}", good[:5] + "x" + good[6:], good + "\x00"}
	turned := "c" + good[1:headWidth] + unrotated + good[headWidth:] + "\x00"
	if err := decode(turned, new(core.Session)); err != nil {
		t.Fatal(err)
	}
	refused = append(refused, turned+"\x00", turned[:headWidth+rotationWidth-1]+"x"+turned[headWidth+rotationWidth:],
		"d"+turned[1:], "b"+turned[1:])
	for n := range len(good) {
		refused = append(refused, good[:n])
	}
	for n := range len(turned) {
		refused = append(refused, turned[:n])
	}
	for _, raw := range refused {
		if decode(raw, new(core.Session)) == nil {
			t.Errorf("%q was read", raw)
		}
	}
}

// TestDecimalsSortAsNumbers checks what the scripts rely on: they compare
// numbers as text.
func TestDecimalsSortAsNumbers(t *testing.T) {
	numbers := []int64{math.MinInt64, -1 << 53, -10, -9, -1, 0, 1, 9, 10, 1<<53 - 1, 1 << 53, 1<<53 + 1, math.MaxInt64}
	var texts []string
	for _, n := range numbers {
		texts = append(texts, decimal(n))
		r := reader{rest: decimal(n)}
		if got := r.decimal(); got != n || r.broken || len(decimal(n)) != digits {
			t.Errorf("%d became %q and %d", n, decimal(n), got)
		}
	}
	if !slices.IsSorted(texts) {
		t.Errorf("%q are not in order", texts)
	}
}
