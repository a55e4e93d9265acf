package core_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// with is a head with the lines of one header.
func with(header string, lines ...string) head {
	return head{method: "GET", host: "app.example", header: http.Header{header: lines}}
}

// timely fails the test if the best of five runs of do takes longer than a busy
// machine needs for some hundred kilobytes.
func timely(t *testing.T, do func()) {
	t.Helper()
	best := time.Hour
	for range 5 {
		begin := time.Now()
		do()
		best = min(best, time.Since(begin))
	}
	if best > 20*time.Millisecond {
		t.Errorf("took %v", best)
	}
}

func TestBearerToken(t *testing.T) {
	duplicate := core.Refuse(core.CodeDuplicateCredentials)
	for _, c := range []struct {
		name  string
		lines []string
		token string
		err   error
	}{
		{"good", []string{"Bearer abc.DEF-123_~+/=="}, "abc.DEF-123_~+/==", nil},
		{"P10 lower case", []string{"bearer t"}, "t", nil},
		{"P10 upper case", []string{"BEARER t"}, "t", nil},
		{"white space around the value", []string{" \tBearer t\t "}, "t", nil},
		{"J17 8 KiB", []string{"Bearer " + strings.Repeat("a", 8<<10)}, strings.Repeat("a", 8<<10), nil},

		{"absent", nil, "", core.ErrNoCredential},
		{"empty", []string{""}, "", core.ErrNoCredential},
		{"other scheme", []string{"Basic dTpw"}, "", core.ErrNoCredential},
		{"no scheme", []string{"abc.def"}, "", core.ErrNoCredential},
		{"longer scheme", []string{"Bearerx t"}, "", core.ErrNoCredential},
		{"other white space", []string{"Bearer\tt"}, "", core.ErrNoCredential},
		{"Unicode look-alike", []string{"Be\u0430rer t"}, "", core.ErrNoCredential},

		{"P10 two lines", []string{"Bearer t", "Bearer t"}, "", duplicate},
		{"P10 two lines, other scheme", []string{"Basic dTpw", "Bearer t"}, "", duplicate},
		{"P10 comma-joined", []string{"Bearer t, Bearer u"}, "", core.ErrInvalid},
		{"P10 comma-joined without space", []string{"Bearer t,u"}, "", core.ErrInvalid},
		{"P10 extra space", []string{"Bearer  t"}, "", core.ErrInvalid},
		{"P10 embedded space", []string{"Bearer t u"}, "", core.ErrInvalid},
		{"P10 obs-fold", []string{"Bearer t\r\n u"}, "", core.ErrInvalid},
		{"no token", []string{"Bearer"}, "", core.ErrInvalid},
		{"no token, space", []string{"Bearer "}, "", core.ErrInvalid},
		{"only padding", []string{"Bearer =="}, "", core.ErrInvalid},
		{"padding inside", []string{"Bearer a=b"}, "", core.ErrInvalid},
		{"quoted", []string{`Bearer "t"`}, "", core.ErrInvalid},
		{"percent-encoded", []string{"Bearer a%2E"}, "", core.ErrInvalid},
		{"control character", []string{"Bearer a\x00"}, "", core.ErrInvalid},
		{"not ASCII", []string{"Bearer é"}, "", core.ErrInvalid},
		{"auth-param", []string{`Bearer token="t"`}, "", core.ErrInvalid},
		{"J17 over 8 KiB", []string{"Bearer " + strings.Repeat("a", 8<<10+1)}, "", core.ErrInvalid},
		{"J17 10^6 dots", []string{"Bearer " + strings.Repeat(".", 1_000_000)}, "", core.ErrInvalid},
		{"J17 1 MB of spaces", []string{"Bearer" + strings.Repeat(" ", 1_000_000) + "t"}, "", core.ErrInvalid},
		{"J17 1 MB scheme", []string{strings.Repeat("Bearer", 200_000)}, "", core.ErrNoCredential},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, err := core.BearerToken(with("Authorization", c.lines...))
			if token != c.token || !errors.Is(err, c.err) {
				t.Errorf("got %.40q, %v; want %.40q, %v", token, err, c.token, c.err)
			}
			if strings.HasPrefix(c.name, "J17") {
				timely(t, func() { _, _ = core.BearerToken(with("Authorization", c.lines...)) })
			}
		})
	}
}

func TestCookieValue(t *testing.T) {
	const name = "__Host-session"
	duplicate := core.Refuse(core.CodeDuplicateCredentials)
	for _, c := range []struct {
		label string
		lines []string
		value string
		err   error
	}{
		{"alone", []string{"__Host-session=abc.DEF-_~=="}, "abc.DEF-_~==", nil},
		{"among others", []string{"a=1; __Host-session=t; b=2"}, "t", nil},
		{"in a second line", []string{"a=1", "b=2; __Host-session=t"}, "t", nil},
		{"without spaces", []string{"a=1;__Host-session=t;b=2"}, "t", nil},
		{"every cookie-octet", []string{"__Host-session=!#$%&'()*+-./0:<=>?@A[]^_`a{|}~"}, "!#$%&'()*+-./0:<=>?@A[]^_`a{|}~", nil},
		{"S11 white space around the pair", []string{" \t __Host-session=t \t; a=1"}, "t", nil},
		{"S11 percent-encoded, not decoded", []string{"__Host-session=a%2Eb"}, "a%2Eb", nil},
		{"beside malformed neighbours", []string{`=x; y; ="; __Host-session=t; a="b; c"`}, "t", nil},

		{"absent", nil, "", core.ErrNoCredential},
		{"empty line", []string{""}, "", core.ErrNoCredential},
		{"empty value", []string{"__Host-session="}, "", core.ErrNoCredential},
		{"no value", []string{"__Host-session"}, "", core.ErrNoCredential},
		{"S11 case variant", []string{"__host-session=t; __HOST-SESSION=t"}, "", core.ErrNoCredential},
		{"S11 space before the equals sign", []string{"__Host-session =t"}, "", core.ErrNoCredential},
		{"S11 percent-encoded name", []string{"__Host%2Dsession=t"}, "", core.ErrNoCredential},
		{"S11 quoted name", []string{`"__Host-session"=t`}, "", core.ErrNoCredential},
		{"S11 name inside another's value", []string{"a=__Host-session=t; b=x __Host-session=t"}, "", core.ErrNoCredential},
		{"longer name", []string{"__Host-session2=t; x__Host-session=t"}, "", core.ErrNoCredential},
		{"other separator", []string{"a=1, __Host-session=t"}, "", core.ErrNoCredential},

		{"S10 twice", []string{"__Host-session=t; __Host-session=u"}, "", duplicate},
		{"S10 twice, equal", []string{"__Host-session=t; a=1; __Host-session=t"}, "", duplicate},
		{"S10 twice, in two lines", []string{"__Host-session=t", "__Host-session=u"}, "", duplicate},
		{"S10 twice, one empty", []string{"__Host-session=; __Host-session=u"}, "", duplicate},
		{"S10 twice, both empty", []string{"__Host-session=; __Host-session="}, "", duplicate},

		{"S11 quoted", []string{`__Host-session="t"`}, "", core.ErrInvalid},
		{"S11 leading space", []string{"__Host-session= t"}, "", core.ErrInvalid},
		{"comma-joined", []string{"__Host-session=t,__Host-session=u"}, "", core.ErrInvalid},
		{"backslash", []string{`__Host-session=a\b`}, "", core.ErrInvalid},
		{"control character", []string{"__Host-session=a\x00b"}, "", core.ErrInvalid},
		{"not ASCII", []string{"__Host-session=é"}, "", core.ErrInvalid},
		{"J17 over 8 KiB", []string{"__Host-session=" + strings.Repeat("a", 8<<10+1)}, "", core.ErrInvalid},
		{"J17 64 KiB of pairs", []string{strings.Repeat("a;", 32<<10-1)}, "", core.ErrNoCredential},
		{"J17 1 MB of pairs", []string{strings.Repeat(";", 1_000_000)}, "", core.ErrInvalid},
		{"J17 1 MB in lines", strings.Split(strings.Repeat("__Host-sessiom=t\n", 60_000), "\n"), "", core.ErrInvalid},
	} {
		t.Run(c.label, func(t *testing.T) {
			value, err := core.CookieValue(with("Cookie", c.lines...), name)
			if value != c.value || !errors.Is(err, c.err) {
				t.Errorf("got %.40q, %v; want %.40q, %v", value, err, c.value, c.err)
			}
			if strings.HasPrefix(c.label, "J17") {
				timely(t, func() { _, _ = core.CookieValue(with("Cookie", c.lines...), name) })
			}
		})
	}
}

func TestHeaderAllocations(t *testing.T) {
	var h core.Head = head{method: "POST", host: "app.example", header: http.Header{
		"Authorization": {"Bearer abc"}, "Cookie": {"a=1; s=abc"}, "Origin": {"https://app.example"},
	}}
	got := testing.AllocsPerRun(100, func() {
		_, errBearer := core.BearerToken(h)
		_, errCookie := core.CookieValue(h, "s")
		if errBearer != nil || errCookie != nil || core.IsCrossOrigin(h, nil) {
			t.Fatal("refused")
		}
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func FuzzCookieValue(f *testing.F) {
	for _, seed := range []string{"s=t", "a=1; s=t", "s=t; s=u", ` s="t"`, "s =t; s=", "s=a%20b;;s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Count(line, ";") >= 3000 {
			return // net/http parses no more cookies than that
		}
		value, err := core.CookieValue(with("Cookie", line), "s")
		r := http.Request{Header: http.Header{"Cookie": {line}}}
		if err != nil {
			if value != "" {
				t.Fatalf("%q beside %v", value, err)
			}
			return
		}
		for _, c := range r.CookiesNamed("s") {
			if c.Value == value && !c.Quoted {
				return
			}
		}
		t.Errorf("%q returned %q, net/http %v", line, value, r.CookiesNamed("s"))
	})
}

func BenchmarkBearerToken(b *testing.B) {
	var h core.Head = with("Authorization", "Bearer "+strings.Repeat("a", core.SecretLen))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := core.BearerToken(h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCookieValue(b *testing.B) {
	var h core.Head = with("Cookie", "theme=dark; lang=en; __Host-latchkey="+strings.Repeat("a", core.SecretLen))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := core.CookieValue(h, "__Host-latchkey"); err != nil {
			b.Fatal(err)
		}
	}
}

// TestFindings31TokenForm: what BearerToken takes is what TokenForm takes.
func TestFindings31TokenForm(t *testing.T) {
	for token, ok := range map[string]bool{
		"a": true, "A-Za.z0_9~+/==": true, "eyJh.bGci.OiJ9": true, strings.Repeat("a", 8<<10): true,
		"": false, "=": false, "a=b": false, "a b": false, " a": false, "a ": false, `"a"`: false, "a,b": false, "a;b": false,
		"a\x00": false, "a\n": false, "a\x7f": false, "é": false, "a\xff": false, strings.Repeat("a", 8<<10+1): false,
	} {
		if err := core.TokenForm(token); (err == nil) != ok || err != nil && !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%.20q: %v", token, err)
		}
		if strings.TrimSpace(token) != token {
			continue // at the end of a line it is no part of the token
		}
		got, err := core.BearerToken(with("Authorization", "Bearer "+token))
		if (err == nil) != ok || ok && got != token {
			t.Errorf("BearerToken of %.20q: %.20q, %v", token, got, err)
		}
	}
}
