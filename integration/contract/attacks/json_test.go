package attacks_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/integration/long"
)

// documents are texts that JSON parsers are known to disagree about, in the
// body's place and in a member's.
func documents() (all []string) {
	whole := []string{
		``, ` `, "\n", `{`, `}`, `[`, `]`, `"`, `:`, `,`, `null`, `true`, `false`, `nul`, `True`, `NULL`, `undefined`, `NaN`, `1`, `"x"`, `'x'`, `x`,
		`{}`, `{ }`, "\t{\r\n}\n", `[]`, `{}{}`, `{},`, `,{}`, `{}x`, `{}//x`, `/* x */{}`, `#x` + "\n{}", `{"a":1}}`, `[{}]`, `({})`, `a=b`, `<x/>`, `---`, "\x00", "{}\x00", "\x0b{}", "\x0c{}", "\u00a0{}", "\u2028{}",
		"\ufeff{}", "{}\ufeff", `{"a"}`, `{"a":}`, `{:1}`, `{,}`, `{"a":1,}`, `{,"a":1}`, `{"a":1,,"b":2}`, `{"a":1 "b":2}`, `{"a" 1}`, `{"a"::1}`, `{"a":1:2}`, `{"a";1}`, `{a:1}`, `{'a':1}`, `{1:1}`, `{null:1}`, `{[]:1}`, `{"a":1]`,
		`["a"}`, `{"a":(1)}`, `{"":1}`, `{"":""}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"\ud800":1}`, `{"\u0000":1}`, "{\"\xff\":1}", "{\"a\xc0\xaf\":1}", `{"a":1}` + "\xff", `{"__proto__":{}}`, `{"constructor":1}`,
		`{"a":"b"/**/}`, `{"a":1}//`, "{\"a\":\u201cb\u201d}", "\uff5b\uff5d", `{"a":*}`, `{"a":$b}`, `{"a":@b}`, `{"a":b}`, `{"a":{}`, `{"a":[}`, `{"a":[1}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1,,2]}`, `{"a":[1 2]}`, `{"a":[]]}`,
		strings.Repeat("[", 500), strings.Repeat(`{"":`, 500), strings.Repeat("[", 500) + strings.Repeat("]", 500), `{"a":` +
			strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}`, `{"a":"` + strings.Repeat("x", 40_000) + `"}`,
	}
	values := []string{
		`0`, `-0`, `-`, `+1`, `01`, `-01`, `1.`, `.1`, `-.1`, `1.e1`, `1e`, `1e+`, `1E-`, `1e1.5`, `1.2.3`, `0x1`, `0e0`, `1e400`, `-1e400`, `1e-400`, `1_000`, `1 000`, `1,5`, `Infinity`, `-Infinity`, `NaN`, `-NaN`, `１`, `1a`, `0.1e`, `--1`, `++1`, `1-1`,
		`0.` + strings.Repeat("0", 400) + `1`, strings.Repeat("9", 400), `123e65`, `1E22`, `0e+1`, `9223372036854775808`, `-9223372036854775809`, `2.`, `1e9999999999`,
		`""`, `"`, `"\"`, `"\\"`, `"\/"`, `"\b\f\n\r\t"`, `"\a"`, `"\v"`, `"\'"`, `"\0"`, `"\x41"`, `"\U0041"`, `"\u"`, `"\u0"`, `"\u00"`, `"\u004"`, `"\u0041"`, `"\u00g1"`, `"\u{41}"`, `"\u0000"`, `"\u0001"`, `"\u007f"`, `"\uffff"`, `"\ufffe"`, `"\ufeff"`,
		`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ud83d\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\n"`, `"\ud83d\u"`, `"\uD83D\uDE00"`, `"\ud83d\\ude00"`, "\"\x00\"", "\"\x01\"", "\"\x1f\"", "\"\x7f\"", "\"\n\"", "\"\t\"", "\"\r\n\"",
		"\"\u2028\u2029\"", "\"\u00e9\"", "\"\U0001f600\"", "\"\xff\"", "\"\xc3\"", "\"\xc3\x28\"", "\"\xe2\x82\"", "\"\xed\xa0\x80\"", "\"\xed\xb0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc0\x80\"", "\"\xf8\x88\x80\x80\x80\"", "\"\x80\"", "\"\ufffd\"", "\"\ufdd0\"",
		`'x'`, "`x`", `"x`, `x"`, `"x""y"`, `"x" "y"`, `"x"+"y"`, `true`, `True`, `TRUE`, `tru`, `truee`, `false`, `null`, `nil`, `None`, `undefined`, `/x/`, `//x`, `[`, `[[]`, `[""`, `["",]`, `[1,null,"a",{}]`, `{`, `{"b"`, `{"b":`, `{"b":1`, `{"b":1,`,
		`new Date()`, `function(){}`, `<a>`, `&quot;x&quot;`, `%22x%22`, `"\u0000`, "\ufeff1", `;`, `}`, `]`, `,`, `:`, ``,
	}
	for _, v := range values {
		whole = append(whole, `{"email": `+v+`, "username": `+v+`, "password": `+v+`, "token": `+v+`, "full_name": `+v+`}`)
	}
	for _, c := range []struct{ mark, name string }{{"\xff\xfe", "little"}, {"\xfe\xff", "big"}, {"", "little"}} {
		whole = append(whole, c.mark+utf16Text(`{"email": "x"}`, c.name == "little"))
	}
	const sample = `{"email": "\u00e9x", "password": [1.5e3, true, null], "token": {"a": ""}}`
	for i := range sample {
		all = append(all, sample[:i], sample[:i]+sample[i+1:], sample[:i]+"\x00"+sample[i:])
	}
	return append(all, whole...)
}

func utf16Text(s string, little bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		high, low := byte(unit>>8), byte(unit)
		if little {
			high, low = low, high
		}
		b.Write([]byte{high, low})
	}
	return b.String()
}

func TestAttackP07JSON(t *testing.T) {
	all := documents()
	if len(all) < 318 {
		t.Fatalf("%d documents", len(all))
	}
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin, _ := asAdmin(t, a)
		// One decoder reads all bodies: each document goes to one route
		// of each adapter, and to all routes of one.
		whole := strings.Contains(t.Name(), "httpauth") || long.Run()
		t.Run(fmt.Sprintf("P07 %d documents to every route", len(all)), func(t *testing.T) {
			wantUnchanged(t, a, func() {
				for i, document := range all {
					for j, route := range readers {
						if !whole && i%len(readers) != j {
							continue
						}
						got := a.Want(t, route+" <500", append(admin[:2:2], harness.JSON(document))...)
						switch {
						case !json.Valid([]byte(document)) && got.Status != 422:
							t.Errorf("%s takes %.80q: %d %s", route, document, got.Status, got.Body)
						case got.Status != 422 && got.Status != 400 && got.Status != 200:
							t.Errorf("%s of %.80q: %d %s", route, document, got.Status, got.Body)
						}
					}
				}
			})
		})
		a.Want(t, registerRoute+"201 (twin)",
			harness.JSON("\t{ \"email\" :\"p07@example.org\",\r\n\"password\":\""+harness.Password+"\"} \n"))
	})
}
