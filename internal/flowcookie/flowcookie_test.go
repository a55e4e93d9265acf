package flowcookie_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/flowcookie"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for want, b := range map[string]core.BackendInfo{
		"__Host-latchkey-word=; Path=/; HttpOnly; Secure; SameSite=Lax": {},
		"latchkey-word=; Path=/; HttpOnly; SameSite=Lax":                {InsecureHTTP: true},
		"__Secure-shop-word=; Path=/; HttpOnly; Secure; SameSite=Lax":   {Cookie: "__Secure-shop"},
		"shop-word=; Path=/; HttpOnly; SameSite=Lax":                    {Cookie: "shop", InsecureHTTP: true},
	} {
		c := flowcookie.Of(b, "word")
		if got := c.String(); got != want {
			t.Errorf("%+v: %s, want %s", b, got, want)
		}
	}
}
