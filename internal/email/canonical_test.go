package email_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/email"
)

var _ core.Canonicalizer = email.Canonical

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ name, typed, want string }{
		{"plain", "ada@example.com", "ada@example.com"},
		{"every ASCII symbol", "a!#$%&'*+-/=?^_`{|}~0@example.com", "a!#$%&'*+-/=?^_`{|}~0@example.com"},
		{"hyphens, digits, subdomains", "x@a-1.2b.example.co.uk", "x@a-1.2b.example.co.uk"},
		{"longest local part", strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
		{"letters and marks beyond ASCII", "दुनिया@example.com", "दुनिया@example.com"},
		{"dotless i stays itself", "mıke@example.com", "mıke@example.com"},
		{"sharp s stays itself", "groß@faß.example", "groß@xn--fa-hia.example"},
		{"international domain", "ada@bücher.example", "ada@xn--bcher-kva.example"},
		{"international top level", "ada@公司.中国", "ada@xn--55qx5d.xn--fiqs8s"},
		{"ideographic full stop", "ada@example。com", "ada@example.com"},
	} {
		t.Run(c.name, func(t *testing.T) { accept(t, c.typed, c.want) })
	}
}

func TestOneAddressOneKey(t *testing.T) {
	for _, c := range []struct {
		name, want string
		typed      []string
	}{
		{"G01 letter case", "ada.l@example.com", []string{"ada.l@example.com", "Ada.L@Example.COM", "ADA.L@EXAMPLE.COM"}},
		{"G01 letter case beyond ASCII", "élodie@example.com", []string{"élodie@example.com", "ÉLODIE@example.com"}},
		{"G01 both lower cases of sigma", "οδοσ@example.com", []string{"οδος@example.com", "ΟΔΟΣ@example.com"}},
		{"G01 NFC and NFD", "élodie@a.com", []string{"\u00e9lodie@a.com", "e\u0301lodie@a.com", "E\u0301LODIE@a.com"}},
		{"G01 U-label and A-label", "a@bücher.de", []string{"a@BÜCHER.de", "a@bu\u0308cher.de", "a@xn--bcher-kva.de", "a@XN--BCHER-KVA.DE"}},
		{"G01 full-width domain", "a@example.com", []string{"a@ｅｘａｍｐｌｅ.com", "a@ｅｘａｍｐｌｅ．ｃｏｍ"}},
		{"Q04 variants of a login have one key", "mike@bücher.de", []string{"MIKE@bücher.de", "miKE@BU\u0308CHER.DE", "Mike@xn--bcher-kva.de"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.Replace(c.want, "bücher", "xn--bcher-kva", 1)
			for _, typed := range append(c.typed, c.want) {
				accept(t, typed, want)
			}
		})
	}
}

func TestTwoAddressesTwoKeys(t *testing.T) {
	for _, c := range []struct{ name, one, other string }{
		{"G02 dots", "ada.l@gmail.com", "adal@gmail.com"},
		{"G02 plus tag", "ada+x@gmail.com", "ada@gmail.com"},
		{"R08 dotless i", "mıke@example.com", "mike@example.com"},
		{"R08 i with a combining dot", "MI\u0307KE@example.com", "mike@example.com"},
		{"R08 Cyrillic a", "\u0430da@example.com", "ada@example.com"},
		{"R08 sharp s in a domain", "a@faß.de", "a@fass.de"},
		{"R08 accent", "élodie@example.com", "elodie@example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, err1 := email.Canonical(c.one)
			other, err2 := email.Canonical(c.other)
			if err1 != nil || err2 != nil || one == other {
				t.Errorf("%q becomes %q (%v), %q becomes %q (%v)", c.one, one, err1, c.other, other, err2)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	const before, after = "The part before the @-sign is not valid", "The part after the @-sign is not valid"
	const at, long = "An e-mail address has exactly one @-sign", "The e-mail address is too long"
	const text = "The e-mail address is not valid text"
	for _, c := range []struct{ name, typed, want string }{
		{"empty", "", at},
		{"no @", "ada.example.com", at},
		{"no local part", "@example.com", before},
		{"no domain", "ada@", after},
		{"one label", "ada@localhost", after},
		{"leading dot", ".ada@example.com", before},
		{"trailing dot in the local part", "ada.@example.com", before},
		{"two dots", "ada..l@example.com", before},
		{"long local part", strings.Repeat("a", 65) + "@example.com", before},
		{"local part that grows beyond 64 bytes", strings.Repeat("\u0958", 21) + "@example.com", before}, // NFC doubles it
		{"local part that is long as typed", strings.Repeat("e\u0301", 22) + "@example.com", before},
		{"long label", "ada@" + strings.Repeat("a", 64) + ".com", after},
		{"long address", "ada@" + strings.Repeat("a23456789.", 25) + "com", long},
		{"domain that grows beyond 254 bytes", "ada@" + strings.Repeat("é.", 30) + "aaaaaaaa.com", long},
		{"hyphens", "ada@-example.com", after},
		{"hyphens in the third and fourth place", "ada@ab--cd.com", after},
		{"underscore in the domain", "ada@a_b.com", after},
		{"empty label", "ada@example..com", after},
		{"digits as top level", "ada@example.123", after},
		{"IPv4 address", "ada@127.0.0.1", after},
		{"circled digits as top level", "ada@example.①", after},
		{"address literal", "ada@[127.0.0.1]", after},
		{"IPv6 literal", "ada@[IPv6:::1]", after},
		{"combining mark in front", "ada@\u0301example.com", after},
		{"mixed writing directions", "ada@aא1.com", after},

		{"G01 trailing dot", "ada@example.com.", after},
		{"G01 trailing ideographic full stop", "ada@example.com。", after},
		{"G01 trailing space", "ada@example.com ", after},
		{"G01 leading space", " ada@example.com", before},
		{"G01 no-break space", "ada\u00a0@example.com", before},
		{"G01 full-width local part", "ａｄａ@example.com", before},
		{"G01 xn-- that decodes to ASCII", "ada@xn--example-.com", after},
		{"G01 xn-- that decodes to nothing", "ada@xn--.com", after},
		{"G01 xn-- that decodes to upper case", "ada@xn--a-0ea.com", after},
		{"G01 symbol that maps to a letter out of direction", "ada@a\u2135.com", after},
		{"G01 A-label out of direction", "ada@xn--a-0hc.com", after},
		{"G01 xn-- that does not decode", "ada@xn--99zzzz.com", after},

		{"R08 ligature", "ﬁona@example.com", before},
		{"R08 Kelvin sign", "mi\u212ae@example.com", before},
		{"R08 dotted capital I", "M\u0130KE@example.com", before},
		{"R08 long s", "ro\u017fe@example.com", before},
		{"R08 variation selector", "ada\ufe0f@example.com", before},
		{"R08 variation selector of the supplement", "ada\U000e0100@example.com", before},
		{"R08 zero-width joiner", "a\u200dda@example.com", before},
		{"R08 combining grapheme joiner", "a\u034fda@example.com", before},
		{"R08 Hangul filler", "ada\u1160@example.com", before},
		{"R08 right-to-left override", "ada\u202e@example.com", before},
		{"R08 a grave accent's other code", "ada\u1fef@example.com", before},

		{"G05 NUL in the local part", "ada\x00@example.com", before},
		{"G05 NUL in the domain", "ada@example\x00.com", after},
		{"G05 invalid UTF-8 in the local part", "ada\xff@example.com", text},
		{"G05 invalid UTF-8 in the domain", "ada@\xff.com", text},
		{"G05 lone surrogate", "ada\xed\xa0\x80@example.com", text},
		{"G05 replacement character", "ada\ufffd@example.com", before},

		{"G16 CR LF in the local part", "ada\r\nBcc: eve@example.com", before},
		{"G16 CR LF in the domain", "ada@example.com\r\nBcc: x", after},
		{"G16 LF at the end", "ada@example.com\n", after},
		{"G16 line separator", "ada\u2028@example.com", before},

		{"O26 two @", "ada@evil.example@example.com", at},
		{"O26 full-width @", "ada＠example.com", at},
		{"O26 a second, full-width @", "ada@evil.example＠example.com", after},
		{"O26 display name", "Ada <ada@example.com>", before},
		{"O26 angle brackets", "<ada@example.com>", before},
		{"O26 list", "ada@example.com,eve.example", after},
		{"O26 quoted local part", `"ada"@example.com`, before},
		{"O26 comment", "ada(me)@example.com", before},
		{"O26 comment in the domain", "ada@(me)example.com", after},
		{"O26 percent route", "ada%40evil.example", at},
		{"O26 mailto", "mailto:ada@example.com", before},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := email.Canonical(c.typed)
			if got != "" || err == nil || err.Error() != c.want {
				t.Errorf("Canonical(%q) = %q, %v; want error %q", c.typed, got, err, c.want)
			}
		})
	}
}

func TestLongInputIsCheap(t *testing.T) {
	for _, c := range []struct {
		name, typed string
		good        bool
	}{
		{"G11 10^5 characters", strings.Repeat("a", 1e5) + "@example.com", false},
		{"G11 10^4 comments", "ada" + strings.Repeat("()", 1e4) + "@example.com", false},
		{"G11 deep comments", strings.Repeat("(", 1e4) + strings.Repeat(")", 1e4) + "ada@example.com", false},
		{"G11 deep quoting", strings.Repeat(`"\`, 1e4) + "@example.com", false},
		{"G11 10^5 marks", "a" + strings.Repeat("\u0301", 1e5) + "@example.com", false},
		{"G11 254 bytes, marks", "a" + strings.Repeat("\u0301\u0327", 60) + "@example.com", false},
		{"G11 twin, 254 bytes", strings.Repeat("a", 64) + "@" + strings.Repeat("b23456789.", 18) + "example.c", true},
		{"G11 twin, A-labels", "a@" + strings.Repeat("xn--99zzz.", 24) + "com", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := email.Canonical(c.typed); (err == nil) != c.good {
				t.Errorf("accepted is %v, want %v", err == nil, c.good)
			}
			if took := fastest(func() { _, _ = email.Canonical(c.typed) }); took > time.Millisecond {
				t.Errorf("took %v, more than 1 ms", took)
			}
		})
	}
}

func TestASCIIAllocations(t *testing.T) {
	for typed, want := range map[string]float64{"ada.lovelace@example.com": 0, "Ada.Lovelace@Example.COM": 1} {
		if got := testing.AllocsPerRun(100, func() { _, _ = email.Canonical(typed) }); got > want {
			t.Errorf("%s: %v allocations, want at most %v", typed, got, want)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	for _, typed := range []string{"ada.lovelace@example.com", "Ada.Lovelace@Example.COM", "Élodie@Bücher.example"} {
		b.Run(typed, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = email.Canonical(typed)
			}
		})
	}
}

// accept checks the canonical form, and that it is its own.
func accept(t *testing.T, typed, want string) {
	t.Helper()
	for _, address := range []string{typed, want} {
		if got, err := email.Canonical(address); got != want || err != nil {
			t.Errorf("Canonical(%q) = %q, %v; want %q", address, got, err, want)
		}
	}
}

// fastest is the best of a few runs, so that a busy machine does not count.
func fastest(do func()) time.Duration {
	best := time.Hour
	for range 5 {
		begin := time.Now()
		do()
		best = min(best, time.Since(begin))
	}
	return best
}
