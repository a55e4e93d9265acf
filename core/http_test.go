package core_test

import (
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestLine(t *testing.T) {
	for want, lines := range map[string][]string{"a": {"a"}, "": {"a", "b"}} {
		if got := core.Line(with("X-Name", lines...), "X-Name"); got != want {
			t.Errorf("%q: got %q", lines, got)
		}
	}
	if got := core.Line(with("X-Name"), "X-Name"); got != "" {
		t.Errorf("no line: got %q", got)
	}
}

func TestResponseEncode(t *testing.T) {
	for _, c := range []struct {
		body              any
		want, contentType string
	}{
		{nil, "", ""},
		{core.Null, "null", "application/json"},
		{map[string]int{"a": 1}, `{"a":1}`, "application/json"},
	} {
		r := core.NewResponse(http.StatusOK, c.body)
		if err := r.Encode(); err != nil {
			t.Fatal(err)
		}
		if err := r.Encode(); err != nil {
			t.Fatalf("a second time: %v", err)
		}
		if got := string(r.Bytes()); got != c.want || r.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%v: got %q, %v", c.body, got, r.Header)
		}
	}
	bare := &core.Response{Body: true}
	if err := bare.Encode(); err != nil || string(bare.Bytes()) != "true" || bare.Header.Get("Content-Type") == "" {
		t.Errorf("a response without a header: %+v, %v", bare, err)
	}
	if err := core.NewResponse(200, func() {}).Encode(); err == nil {
		t.Error("a function was encoded")
	}
}
