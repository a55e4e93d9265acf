package core_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// proofs are of the methods, a minute after each other.
func proofs(methods ...string) (done []core.Proof) {
	for i, m := range methods {
		done = append(done, core.Proof{Method: m, At: noon.Add(time.Duration(i) * time.Minute)})
	}
	return done
}

// M30: two proofs of one kind are as good as one.
func TestM30Strong(t *testing.T) {
	t.Parallel()
	kinds := core.ProofKinds{"pin": core.KindKnowledge, "eID": core.KindAccount, "terms": "", "password": core.KindThing}
	for methods, want := range map[string]bool{
		"":                          false,
		"password":                  false,
		"email":                     false,
		"oauth:google":              false,
		"totp":                      false,
		"recovery":                  false,
		"security-key":              false,
		"passkey":                   true,
		"password password":         false,
		"email email":               false,
		"oauth:google email":        false,
		"oauth:google oauth:other":  false,
		"security-key security-key": false,
		"totp recovery":             false,
		"totp security-key":         false,
		"password email":            true,
		"password oauth:google":     true,
		"password totp":             true,
		"password recovery":         true,
		"password security-key":     true,
		"email totp":                true,
		"oauth:google recovery":     true,
		"password sms":              true,
		"totp sms":                  false,
		"password pin":              false,
		"totp pin":                  true,
		"password eID":              true,
		"oauth:google eID":          false,
		"password terms":            false,
		"terms":                     false,
		"oauth":                     false,
		"oauth totp":                false,
		"password device":           false,
		"password totp device":      true,
	} {
		if got := kinds.Strong(proofs(strings.Fields(methods)...)); got != want {
			t.Errorf("Strong(%s) is %v", methods, got)
		}
	}
	if core.Strong(proofs("password")) || !core.Strong(proofs("password", "totp")) {
		t.Error("Strong is not that of no further kinds")
	}
}

func TestAddProof(t *testing.T) {
	t.Parallel()
	done := proofs("password", "totp")
	again := core.Proof{Method: "password", At: noon.Add(time.Hour)}
	if got, want := core.AddProof(done, again), []core.Proof{done[1], again}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.Equal(done, proofs("password", "totp")) {
		t.Errorf("the proofs of before were changed: %v", done)
	}
	var many []core.Proof
	for i := range 20 {
		many = core.AddProof(many, core.Proof{Method: fmt.Sprint("m", i), At: noon.Add(time.Duration(i) * time.Second)})
	}
	if len(many) != 8 || many[0].Method != "m12" || many[7].Method != "m19" {
		t.Errorf("of 20 methods there are %v, want the latest 8", many)
	}
	old := core.Proof{Method: "late", At: noon.Add(-time.Hour)}
	if got := core.AddProof(many, old); len(got) != 8 || got[7] != old {
		t.Errorf("the proof that was added is not there: %v", got)
	}
}

func TestProved(t *testing.T) {
	t.Parallel()
	s := &core.Session{Proofs: proofs("password", "totp", "recovery")}
	for methods, want := range map[string]time.Time{
		"":               noon.Add(2 * time.Minute),
		"totp":           noon.Add(time.Minute),
		"password totp":  noon.Add(time.Minute),
		"passkey":        {},
		"recovery passk": noon.Add(2 * time.Minute),
	} {
		if got := s.Proved(strings.Fields(methods)...); !got.Equal(want) {
			t.Errorf("Proved(%s) is %v, want %v", methods, got, want)
		}
	}
	if got := new(core.Session).Proved(); !got.IsZero() {
		t.Errorf("without proofs: %v", got)
	}
	elsewhere := &core.Session{Proofs: []core.Proof{{Method: "password"}, {Method: core.MethodDevice}}}
	if got := elsewhere.Proved(); !got.IsZero() {
		t.Errorf("proved elsewhere: %v", got)
	}
}

func TestMadeHere(t *testing.T) {
	t.Parallel()
	here, elsewhere := proofs("password", "totp"), []core.Proof{{Method: "passkey"}, {Method: core.MethodDevice}}
	for name, c := range map[string]struct{ done, want []core.Proof }{
		"none":                {nil, nil},
		"all of them":         {here, here},
		"none of them":        {elsewhere, nil},
		"those with a time":   {append(slices.Clone(elsewhere), here...), here},
		"one between two":     {[]core.Proof{elsewhere[0], here[0], elsewhere[1]}, here[:1]},
		"the same method too": {[]core.Proof{{Method: "totp"}, here[1]}, here[1:]},
	} {
		before := slices.Clone(c.done)
		if got := core.MadeHere(c.done); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if !slices.Equal(c.done, before) {
			t.Errorf("%s: the argument has changed to %v", name, c.done)
		}
	}
}

func TestRequireProof(t *testing.T) {
	t.Parallel()
	if err := core.RequireProof(true, time.Minute, nil); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		age     time.Duration
		methods []string
		want    map[string]any
	}{
		{0, nil, map[string]any{"methods": []string{}, "max_age": int64(0)}},
		{10 * time.Minute, []string{"totp"}, map[string]any{"methods": []string{"totp"}, "max_age": int64(600)}},
		{time.Millisecond, nil, map[string]any{"methods": []string{}, "max_age": int64(1)}}, // 0 would be "any age"
	} {
		var e *core.Error
		if err := core.RequireProof(false, c.age, c.methods); !errors.As(err, &e) ||
			e.Status != http.StatusForbidden || e.Code != core.CodeProofRequired || !reflect.DeepEqual(e.Members, c.want) {
			t.Errorf("got %+v, want %v", e, c.want)
		}
	}
}
