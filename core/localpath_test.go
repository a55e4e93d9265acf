package core_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{
		"/": true, "/account": true, "/account/": true, "/a/b?c=d&e=//x#f": true, "/a%20b": true, "/a?next=https://evil.example": true,
		"/...": true, "/.well-known/x": true, "/a;b": true, "/100%25": true, "/?": true, "/#": true, "/" + strings.Repeat("x", 1999): true,
		"": false, "account": false, "?a": false, "#a": false, "https://evil.example": false, "javascript:alert(1)": false,
		"//evil.example": false, "///evil.example": false, `/\evil.example`: false, `\\evil.example`: false, "/a//b": false,
		"/.//evil.example": false, "/./a": false, "/../a": false, "/a/..": false, "/a/.": false, "/%2e%2e/a": false, "/a/%2E": false,
		"/%252e%252e/a": false, "/..;x/a": false, "/%2f%2fevil.example": false, "/a%5cb": false, "/%5Cevil.example": false,
		"/a%0d%0ab": false, "/a\r\nb": false, "/a b": false, "/\t/evil.example": false, "/ä": false, "/%00": false, " /a": false,
		"/a%": false, "/" + strings.Repeat("x", 2000): false,
	} {
		if got := core.LocalPath(target); got != want {
			t.Errorf("%q: %v, want %v", target, got, want)
		}
	}
}
