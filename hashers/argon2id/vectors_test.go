package argon2id_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
)

// A vector is a hash of other software, and whether the password is its own.
type vector struct {
	hash     core.PasswordHash
	password string
	matches  bool
}

// Those of the reference implementation (P-H-C/phc-winner-argon2, src/test.c),
// of Argon2id and of what is not Argon2id or malformed.
var reference = []vector{
	{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", true},
	{"$argon2id$v=19$m=262144,t=2,p=1$c29tZXNhbHQ$eP4eyR+zqlZX1y5xCFTkw9m5GYx0L5YWwvCFvtlbLow", "password", true},
	{"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password", true},
	{"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password", true},
	{"$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg", "password", true},
	{"$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ$kCXUjmjvc5XMqQedpMTsOv+zyJEf5PhtGiUghW9jFyw", "password", true},
	{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94", "differentpassword", true},
	{"$argon2id$v=19$m=65536,t=2,p=1$ZGlmZnNhbHQ$vfMrBczELrFdWP0ZsfhWsRPaHppYdP3MVEMIVlqoFBw", "password", true},
	{"$argon2i$m=65536,t=2,p=1c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ", "password", false},
	{"$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ", "password", false},
	{"$argon2i$m=65536,t=2,p=1$$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ", "password", false},
	{"$argon2i$m=65536,t=2,p=1$$b2G3seW+uPzerwQQC+/E1K50CLLO7YXy0JRcaTuswRo", "password", false},
	{"$argon2i$v=19$m=65536,t=2,p=1c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password", false},
	{"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQwWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password", false},
	{"$argon2i$v=19$m=65536,t=2,p=1$$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ", "password", false},
	{"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$8iIuixkI73Js3G1uMbezQXD0b8LG4SXGsOwoQkdAQIM", "password", false},
}

// Those of libsodium (test/default/pwhash_argon2id.c, tv3): three verify.
var libsodium = []vector{
	{"$argon2id$v=19$m=4096,t=0,p=1$X1NhbHQAAAAAAAAAAAAAAA$bWh++MKN1OiFHKgIWTLvIi1iHicmHH7+Fv3K88ifFfI", "", false},
	{"$argon2id$v=19$m=2048,t=4,p=1$SWkxaUhpY21ISDcrRnYzSw$Mbg/Eck1kpZir5T9io7C64cpffdTBaORgyriLQFgQj8", "", false},
	{"$argon2id$v=19$m=4882,t=2,p=1$bA81arsiXysd3WbTRzmEOw$Nm8QBM+7RH1DXo9rvp5cwKEOOOfD2g6JuxlXihoNcpE", "", true},
	{"$argon2id$v=19$m=4096,t=0,p=1$PkEgMTYtYnl0ZXMgc2FsdA$ltB/ue1kPtBMBGfsysMpPigE6hiNEKZ9vs8vLNVDQGA", sodium, false},
	{"$argon2id$v=19$m=4096,t=19,p=1$PkEgMTYtYnl0ZXMgc2FsdA$ltB/ue1kPtBMBGfsysMpPigE6hiNEKZ9vs8vLNVDQGA", sodium, true},
	{
		"$argon2id$v=19$m=4096,t=1,p=3$PkEgcHJldHR5IGxvbmcgc2FsdA$HUqx5Z1b/ZypnUrvvJ5UC2Q+T6Q1WwASK/Kr9dRbGA0",
		"K3S=KyH#)36_?]LxeR8QNKw6X=gFbxai$C%29V*", true,
	},
}

const sodium = "^T5H$JYt39n%K*j:W]!1s?vg!:jGi]Ax?..l7[p0v:1jHTpla9;]bUN;?bWyCbtqg "

func TestVectors(t *testing.T) {
	t.Parallel()
	h := newHasher(t, argon2id.Options{})
	for name, c := range map[string]struct {
		vectors []vector
		want    int
	}{
		"G19 G08 reference": {reference, 16},
		"G19 G08 libsodium": {libsodium, 6},
	} {
		t.Run(name, func(t *testing.T) {
			expected := 0
			for _, v := range c.vectors {
				ok, err := h.Verify(v.hash, v.password)
				if ok != v.matches || ok && err != nil {
					t.Errorf("%s: %v, %v", string(v.hash), ok, err)
					continue
				}
				expected++
				if ok && !strings.Contains(string(v.hash), "m=65536") && !strings.Contains(string(v.hash), "m=262144") {
					checkVerify(t, h, v.hash, v.password+"x", false)
				}
			}
			t.Logf("%d vectors, %d decided as expected, no exceptions", len(c.vectors), expected)
			if expected != c.want {
				t.Errorf("want %d", c.want)
			}
		})
	}
	t.Run("G19 RFC 9106, section 5.3", func(t *testing.T) {
		// Its tag was made with a secret and associated data. No hash
		// that this package reads has either, so the password alone
		// must not match.
		const parameters = "$argon2id$v=19$m=32,t=3,p=4"
		const rest = "$AgICAgICAgICAgICAgICAg$DWQN9Y14dmwIwDejSotTydAe8EUtdbZetSUg6WsB5lk"
		password := strings.Repeat("\x01", 32)
		checkVerify(t, h, parameters+rest, password, false)
		t.Log("1 vector, 0 decided as expected, exceptions: 1 with a secret")
		if ok, err := h.Verify(parameters+",data=BAQEBAQEBAQEBAQE"+rest, password); ok || err == nil {
			t.Errorf("with data: %v, %v", ok, err)
		}
	})
}
