package codec_test

import (
	"encoding/json"
	"testing"
)

func BenchmarkOutput(b *testing.B) {
	u := &withheld{of(), "s", "d"}
	c := made(b, u)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(c.Output(u)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUserItself is the same without a form of its own.
func BenchmarkUserItself(b *testing.B) {
	u := &withheld{of(), "s", "d"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(u); err != nil {
			b.Fatal(err)
		}
	}
}
