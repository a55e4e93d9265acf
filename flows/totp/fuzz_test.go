package totp

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/seal"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// FuzzCode checks that what a person types is a code in one way alone, and that
// no other text is as good as it.
func FuzzCode(f *testing.F) {
	secret := []byte("12345678901234567890")
	for _, text := range []string{
		"", codeAt(secret, stepAt(noon)), "123 456", "12-34-56", " 1 2 3 4 5 6 ", "1234567", "+12345", "1e4567",
		"٠١٢٣٤٥", "123456", "123\u00a0456", "\x00123456", "123456\n", strings.Repeat(" ", 17) + "123456",
	} {
		f.Add(text, int64(0))
	}
	f.Fuzz(func(t *testing.T, text string, last int64) {
		code := typed(text)
		digits := 0
		for _, r := range text {
			switch {
			case '0' <= r && r <= '9':
				digits++
			case r != ' ' && r != '-' && code != "":
				t.Fatalf("%q is the code %q", text, code)
			}
		}
		if code == "" {
			return
		}
		if digits != 6 || len(code) != 6 || typed(code) != code ||
			strings.NewReplacer(" ", "", "-", "").Replace(text) != code {
			t.Fatalf("%q is the code %q", text, code)
		}
		if step := match(secret, code, noon, 1, last); step != 0 && (step <= last || codeAt(secret, step) != code ||
			step < stepAt(noon)-1 || step > stepAt(noon)+1) {
			t.Errorf("%q is that of step %d, after %d", text, step, last)
		}
	})
}

// FuzzURI checks that an otpauth URI says what went into it, whatever the
// application and its users are called.
func FuzzURI(f *testing.F) {
	for _, names := range [][2]string{
		{"Acme", "ada@example.org"}, {"Köln & Söhne", "użytkownik@example.org"}, {"a+b", "a+b@example.org"},
		{"a/b?c#d%", "x:y/z?q#f%41"}, {"日本語", "\u202eevil\u2066"}, {"A b", " "}, {"😀", "a\x00b\n"}, {"=&;", "\xff\xfe"},
	} {
		f.Add(names[0], names[1], []byte("12345678901234567890"))
	}
	f.Fuzz(func(t *testing.T, issuer, account string, secret []byte) {
		if !isIssuer(issuer) {
			return
		}
		text := uri(issuer, account, secret)
		for i := range len(text) {
			if text[i] <= ' ' || text[i] > '~' || text[i] == '+' && i > strings.IndexByte(text, '?') {
				t.Fatalf("an app may read %q in two ways", text)
			}
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Fragment != "" {
			t.Fatalf("%q: %v", text, err)
		}
		query, err := url.ParseQuery(u.RawQuery)
		by, of, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
		if err != nil || len(query) != 2 || by != issuer || of != account || query.Get("issuer") != issuer {
			t.Errorf("of %q and %q an app reads %q, %q and %v, %v", issuer, account, by, of, query, err)
		}
		if got, err := encoding.DecodeString(query.Get("secret")); err != nil || string(got) != string(secret) {
			t.Errorf("the secret is %q, %v", got, err)
		}
		if utf8.ValidString(issuer) && !utf8.ValidString(by) {
			t.Errorf("%q is not UTF-8", by)
		}
	})
}

// FuzzRow checks that a row which was not sealed for its owner accepts no code,
// and is no reason to ask for none.
func FuzzRow(f *testing.F) {
	ring, err := seal.New(core.VaultKey{ID: "test", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")})
	if err != nil {
		f.Fatal(err)
	}
	secret := []byte("12345678901234567890")
	for _, sealed := range []string{
		ring.Seal(secret, place("ada")), ring.Seal(secret, place("eve")), ring.Seal(nil, place("eve")), "", "test.", ".",
		"other.AAAA",
	} {
		data, err := json.Marshal(row{Secret: sealed, Last: 1, Failures: 2})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	for _, text := range []string{"", "null", "[]", "1", `{"f": 1e9}`, `{"s": 1}`, `{"f": -1}`,
		`{"n": 9223372036854775807}`} {
		f.Add([]byte(text))
	}
	svc := &core.Services{Env: core.Env{Now: func() time.Time { return noon }}}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r row
		if json.Unmarshal(data, &r) == nil {
			if plain, err := ring.Open(r.Secret, place("ada")); err == nil && string(plain) == string(secret) {
				return // it is the owner's, and anybody may have changed the numbers
			}
		}
		for _, code := range []string{codeAt(secret, stepAt(noon)), codeAt(nil, stepAt(noon)), ""} {
			tried := trial{flow: Flow{Skew: 1, ring: ring}, svc: svc, user: "ada", code: code}
			c := core.Credential{Owner: "ada", Kind: kind, Key: "ada", Data: data}
			if err := tried.run(&c); tried.right || err == nil && !tried.locked {
				t.Errorf("%q with the code %q: right %t, locked %t, %v", data, code, tried.right, tried.locked, err)
			}
		}
	})
}
