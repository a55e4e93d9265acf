package core_test

import (
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

func TestResponses(t *testing.T) {
	null, err1 := core.JSON(202, nil)
	object, err2 := core.JSON(200, map[string]int{"a": 1})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for name, c := range map[string]struct {
		resp            *core.Response
		status          int
		body, mediaType string
	}{
		"null":   {null, 202, "null", "application/json"},
		"object": {object, 200, `{"a":1}`, "application/json"},
		"page":   {core.HTML(403, []byte("<p>")), 403, "<p>", "text/html; charset=utf-8"},
		"bytes":  {core.Bytes(200, "text/css", []byte("a{}")), 200, "a{}", "text/css"},
		"empty":  {core.Empty(204), 204, "", ""},
	} {
		r := c.resp
		if r.Status != c.status || string(r.Body) != c.body || r.Type != c.mediaType || r.Header == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r, err := core.JSON(200, func() {}); err == nil || r != nil {
		t.Errorf("a function was encoded: %+v", r)
	}
	object.Header.Set("Content-Type", "text/plain")
	object.Header.Set("X-Kept", "1")
	object.Drop(303)
	if object.Status != 303 || object.Body != nil || object.Type != "" || object.Header.Get("Content-Type") != "" ||
		object.Header.Get("X-Kept") != "1" {
		t.Errorf("dropped: %+v", object)
	}
}
