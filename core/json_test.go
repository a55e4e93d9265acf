package core_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestReadJSON(t *testing.T) {
	body := []byte(` {"email":"a@b.example" , "Email":1, "na\u006de" :"\u00e9\ud83d\ude00","list":[1,{"x":null},[]],"on":true,"":{}} `)
	o, err := core.ReadJSON(post(bytes.NewReader(body), "application/json"))
	if err != nil {
		t.Fatal(err)
	}
	clear(body)
	want := map[string]string{
		"email": `"a@b.example"`, "Email": `1`, "name": `"\u00e9\ud83d\ude00"`,
		"list": `[1,{"x":null},[]]`, "on": `true`, "": `{}`,
	}
	for name, value := range want {
		if got := string(o[name]); got != value {
			t.Errorf("%q is %s, want %s", name, got, value)
		}
	}
	if len(o) != len(want) {
		t.Errorf("%d members, want %d", len(o), len(want))
	}
	if s, _, _ := o.String("name"); s != "é😀" {
		t.Errorf("String returned %q", s)
	}
	_ = append(o["on"], "!!!!!!!!"...)
	if string(o[""]) != `{}` {
		t.Error("appending to one member changed another")
	}
}

func TestReadOptionalJSON(t *testing.T) {
	for name, c := range map[string]struct {
		request *core.Request
		members int
		status  int
	}{
		"left out":                {post(strings.NewReader("")), 0, 0},
		"no body at all":          {&core.Request{Head: head{}}, 0, 0},
		"an object":               {postJSON(`{"a": 1}`), 1, 0},
		"an empty one":            {postJSON(`{}`), 0, 0},
		"untyped":                 {post(strings.NewReader(`{}`)), 0, 415},
		"of another type":         {post(strings.NewReader(`{}`), "text/plain"), 0, 415},
		"nothing of another type": {post(strings.NewReader(""), "application/x-www-form-urlencoded"), 0, 415},
		"too large":               {post(strings.NewReader(strings.Repeat(" ", core.MaxBody+1))), 0, 413},
	} {
		o, err := core.ReadOptionalJSON(c.request)
		if refusal, _ := errors.AsType[*core.Error](err); c.status != 0 {
			if o != nil || refusal == nil || refusal.Status != c.status {
				t.Errorf("%s: got %v, %v, want %d", name, o, err, c.status)
			}
		} else if o == nil || len(o) != c.members || err != nil {
			t.Errorf("%s: got %v, %v", name, o, err)
		}
	}
}

func TestReadJSONContentType(t *testing.T) {
	t.Run("P02 content type", func(t *testing.T) {
		for _, accepted := range []string{
			"application/json", "Application/JSON", "application/json; charset=utf-8", `application/json;charset="UTF-8"`,
			"application/json; profile=x", "application/merge-patch+json",
		} {
			if _, err := core.ReadJSON(post(strings.NewReader(`{}`), accepted)); err != nil {
				t.Errorf("%s: %v", accepted, err)
			}
		}
		for _, refused := range [][]string{
			nil, {""}, {"text/plain"}, {"text/json"}, {"text/x+json"}, {"json"}, {"application/jsonp"},
			{"application/json; charset=utf-16"},
			{`application/json; charset=""`}, {"application/json; charset"}, {"application/json, text/plain"}, {"text/plain; application/json"},
			{"application/x-www-form-urlencoded"}, {"multipart/form-data; boundary=x"}, {"application/json", "application/json"},
			{"application/json; charset=utf-8; charset=utf-16"},
		} {
			_, err := core.ReadJSON(post(strings.NewReader(`{}`), refused...))
			wantStatus(t, err, http.StatusUnsupportedMediaType, core.CodeUnsupportedMediaType)
		}
	})
}

func TestReadJSONSize(t *testing.T) {
	fill := func(size int) string { return `{"a":"` + strings.Repeat("x", size-len(`{"a":""}`)) + `"}` }
	t.Run("P01 too long", func(t *testing.T) {
		if _, err := core.ReadJSON(postJSON(fill(core.MaxBody))); err != nil {
			t.Errorf("a body of exactly MaxBody: %v", err)
		}
		_, err := core.ReadJSON(postJSON(fill(core.MaxBody + 1)))
		e := wantStatus(t, err, http.StatusRequestEntityTooLarge, core.CodeBodyTooLarge)
		if e.Header.Get("Connection") != "close" {
			t.Error("the connection stays open")
		}
	})
	t.Run("P01 endless", func(t *testing.T) {
		body := &endless{}
		_, err := core.ReadJSON(post(body, "application/json"))
		wantStatus(t, err, http.StatusRequestEntityTooLarge, core.CodeBodyTooLarge)
		if body.read > core.MaxBody+1 {
			t.Errorf("%d bytes read", body.read)
		}
	})
	t.Run("P01 stopped by the server's own limit", func(t *testing.T) {
		w := httptest.NewRecorder()
		body := http.MaxBytesReader(w, io.NopCloser(strings.NewReader(`{"a":"bcd"}`)), 4)
		_, err := core.ReadJSON(post(body, "application/json"))
		wantStatus(t, err, http.StatusRequestEntityTooLarge, core.CodeBodyTooLarge)
	})
	t.Run("P01 shorter than promised", func(t *testing.T) {
		_, err := core.ReadJSON(post(failing{io.ErrUnexpectedEOF}, "application/json"))
		wantStatus(t, err, http.StatusBadRequest, "")
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error("the cause is lost")
		}
	})
}

func TestReadJSONNoObject(t *testing.T) {
	for _, r := range []*core.Request{postJSON(""), post(nil, "application/json"), postJSON("null"), postJSON(" null\n")} {
		_, err := core.ReadJSON(r)
		wantProblem(t, err, "missing", "body")
	}
	t.Run("P04 wrong type", func(t *testing.T) {
		for _, body := range []string{` [] `, `[{"a":1}]`, `"{}"`, `1`, `-0.5e1`, `true`} {
			_, err := core.ReadJSON(postJSON(body))
			wantProblem(t, err, "model_attributes_type", "body")
		}
	})
}

func TestReadJSONSyntax(t *testing.T) {
	t.Run("P07 accepted", func(t *testing.T) {
		for _, body := range []string{
			`{}`, "\t{\r\n}\n", `{"":0}`, `{"a":-0}`, `{"a":1E+2}`, `{"a":0.1e-10}`, `{"a":1e999}`, `{"a":12345678901234567890123}`,
			`{"a":""}`, `{"a":"\"\\\/\b\f\n\r\t"}`, `{"a":"\u0001"}`, `{"a":"\uFFFF\uFFFD"}`, `{"a":"\uD834\uDD1e"}`, `{"a":"\\u0000"}`,
			`{"a":"\\\u0041"}`, "{\"a\":\"\u2028\u2029\x7f\U0010ffff\"}", `{"a":"},{,:[]"}`, `{"a" : [ ] , "b" : { } }`, `{"a":[[[]],{"a":{}}]}`,
			`{"a":1,"A":2}`, `{"a":{"a":{"a":1}},"b":{"a":1}}`, `{"a":[{"a":1},{"a":1}]}`, `{"a":null,"b":false}`, `{"__proto__":1,"constructor":{}}`,
			`{"a":[1 , 2,3 ]}`, `{"a":1}` + strings.Repeat(" ", 100),
		} {
			if _, err := core.ReadJSON(postJSON(body)); err != nil {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
	t.Run("P07 refused", func(t *testing.T) {
		for _, body := range []string{
			` `, `{`, `}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{,"a":1}`, `{"a" 1}`, `{"a"::1}`, `{a:1}`, `{'a':1}`, `{1:1}`,
			`{null:1}`, `{"a":[}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":]}`, `{"a":1]`, `{"a":'b'}`, `{"a":b}`, `{"a":nul}`, `{"a":True}`,
			`{"a":NaN}`, `{"a":-Infinity}`, `{"a":01}`, `{"a":+1}`, `{"a":.5}`, `{"a":5.}`, `{"a":1e}`, `{"a":0x1}`, `{"a":1_000}`, `{"a":--1}`, `{"a":"b}`,
			`{"a":"\x41"}`, `{"a":"\u12"}`, `{"a":"\u12G4"}`, `{"a":"\"}`, `{"a":"\U0041"}`, "{\"a\":\"\n\"}", "{\"a\":\"\t\"}", "{\"a\":\"\x1f\"}",
			`{}{}`, `{} x`, `{}]`, `{},`, `{}#`, `{}//`, `/**/{}`, `{"a":/**/1}`, "\ufeff{}", "{}\x00", "\x00{}", "{\"a\x00\":1}", "{\"a\":\"\x00\"}", "{\v}",
			"{\u00a0}", "{\"a\":\"\xff\"}", "{\"\xc3\x28\":1}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\xaf\"}", "\xff\xfe{\x00}\x00", "[1,\xff]",
			`<a/>`, `a=1&b=2`,
		} {
			_, err := core.ReadJSON(postJSON(body))
			e, ok := errors.AsType[*core.Error](err)
			if !ok || len(e.Problems) != 1 || e.Problems[0].Type != "json_invalid" || len(e.Problems[0].Loc) != 2 {
				t.Errorf("%q: got %v, want one problem json_invalid at an offset", body, err)
			}
		}
	})
	t.Run("offset", func(t *testing.T) {
		for body, want := range map[string]int{ // what Python's json.loads says
			`{"a":x}`: 5, `{`: 1, `{"a"`: 4, `{"a":`: 5, `{"a" 1}`: 5, `{"a":1 "b":2}`: 7, `{"a":1}x`: 7, `{"\u00e9é":x}`: 11, `[1,,2]`: 3, `}`: 0,
			`{1:2}`: 1,
		} {
			_, err := core.ReadJSON(postJSON(body))
			wantProblem(t, err, "json_invalid", "body", want)
		}
	})
}

// A string with a NUL is JSON, and no value of ours.
func TestFindingB16ANULIsAProblemOfItsMember(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":"\u0000"}`:                                 "a value_error",
		`{"a":"x\u0000y\u0000"}`:                         "a value_error",
		`{"a":["\u0000",{"b":"\u0000"}]}`:                "a value_error",
		`{"a":{"b":{"c":"\u0000"}},"d":1,"e":"\u0000"}`:  "a value_error, e value_error",
		`{"a":1,"b":"\\u0000","c":"\u0001"}`:             "",
		`{"a":"\u0000","b\u0000":1}`:                     "# json_invalid",
		`{"a":{"b":"\u0000","c\u0000":1}}`:               "# json_invalid",
		`{"a":"\u0000","a":1}`:                           "# json_invalid",
		`{"a":"\u0000","b":"\ud800"}`:                    "# json_invalid",
		`{"a":"\u0000"`:                                  "# json_invalid",
		`{"a":"x","b":[{"c":[]}],"d":"\u0000","e":"ok"}`: "d value_error",
	} {
		o, err := core.ReadJSON(postJSON(body))
		if got := problems(err); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
		if (o == nil) != strings.HasPrefix(want, "#") {
			t.Errorf("%s: the object is %v", body, o)
		}
	}
}

func TestFindingB13ProblemsAreAddedToThoseOfMembersAlone(t *testing.T) {
	missing := core.Missing("e")
	_, ofMembers := core.ReadJSON(postJSON(`{"a":"\u0000"}`))
	_, ofThePath := core.ReadJSON(post(strings.NewReader(`{}`), "text/plain"))
	down := errors.New("down")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"of members": {ofMembers, "a value_error, e missing"}, "none": {nil, "e missing"}, "of the type": {ofThePath, "Unsupported Media Type"},
		"no answer": {down, "down"},
	} {
		got := problems(core.AddProblems(c.err, nil, &missing, nil))
		if c.want == "Unsupported Media Type" {
			wantStatus(t, core.AddProblems(c.err, &missing), 415, core.CodeUnsupportedMediaType)
		} else if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if problems(ofMembers) != "a value_error" {
		t.Error("an error has changed")
	}
	if core.AddProblems(nil, nil) != nil || core.AddProblems(down) != down {
		t.Error("without problems the error is another one")
	}
}

func TestFindingB12EveryMissingMemberHasAProblem(t *testing.T) {
	for body, want := range map[string]string{
		``: "a missing, b missing", `null`: "a missing, b missing", `[]`: "a missing, b missing", `"x"`: "a missing, b missing",
		`5`: "a missing, b missing", `{}`: "a missing, b missing", `{"a":null,"b":"x"}`: "a missing", `{"a":5,"b":null}`: "a string_type, b missing",
		`{"a":"\u0000","b":[]}`: "a value_error, b string_type", `{`: "# json_invalid", `{"a":"","b":""}`: "", `{"a":"1","b":"2","c":5}`: "",
	} {
		values, err := core.ReadStrings(postJSON(body), "a", "b")
		if got := problems(err); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
		if err == nil && len(values) != 2 {
			t.Errorf("%s: %q", body, values)
		}
	}
	values, _ := core.ReadStrings(postJSON(`{"b":"2","a":"1"}`), "a", "b")
	if !slices.Equal(values, []string{"1", "2"}) {
		t.Errorf("got %q", values)
	}
	_, err := core.ReadStrings(post(strings.NewReader(`{}`), "text/plain"), "a")
	wantStatus(t, err, 415, core.CodeUnsupportedMediaType)
}

// problems returns the members and types of a 422, or the text of another
// error.
func problems(err error) string {
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err.Error()
	}
	var all []string
	for _, p := range e.Problems {
		name, isName := p.Loc[1].(string)
		if !isName {
			name = "#"
		}
		all = append(all, name+" "+p.Type)
	}
	return strings.Join(all, ", ")
}

func TestReadJSONStrict(t *testing.T) {
	for name, bodies := range map[string][]string{
		"duplicate member": {
			`{"a":1,"a":1}`, `{"a":1,"\u0061":2}`, `{"x":{"a":1,"b":2,"a":3}}`, `{"x":[[{"a":1,"a":1}]]}`, `{"":1,"":2}`,
			`{"\ud83d\ude00":1,"😀":2}`,
		},
		"NUL":            {`{"\u0000":1}`, `{"a":{"b\u0000":1}}`, `{"a":"\u0000","\u0000":"\u0000"}`},
		"lone surrogate": {`{"a":"\ud800"}`, `{"a":"\udc00"}`, `{"a":"\ud800x"}`, `{"a":"\ud800\n"}`, `{"a":"\ud800\u0041"}`, `{"a":"\ud800\ud800"}`, `{"\uDFFF":1}`, `{"a":"\ude00\ud83d"}`},
		"nested too deep": {
			`{"a":` + strings.Repeat(`[`, 32) + strings.Repeat(`]`, 32) + `}`,
			strings.Repeat(`{"a":`, 33) + `1` + strings.Repeat(`}`, 33),
		},
		"a member name appears twice": {`{"secretname":1,"secretname":1}`},
	} {
		for _, body := range bodies {
			t.Run(name+" "+body, func(t *testing.T) {
				_, err := core.ReadJSON(postJSON(body))
				e, ok := errors.AsType[*core.Error](err)
				if !ok || e.Status != 422 || len(e.Problems) != 1 || e.Problems[0].Type != "json_invalid" {
					t.Fatalf("got %v, want json_invalid", err)
				}
				if out, _ := json.Marshal(e.Problems); strings.Contains(string(out), "secretname") {
					t.Errorf("the input is echoed: %s", out)
				}
			})
		}
	}
	deepest := strings.Repeat(`{"a":`, 32) + `1` + strings.Repeat(`}`, 32)
	if _, err := core.ReadJSON(postJSON(deepest)); err != nil {
		t.Errorf("32 levels: %v", err)
	}
}

func TestReadJSONBounded(t *testing.T) {
	bodies := map[string]string{
		"P05 deep arrays":  `{"a":` + strings.Repeat(`[`, 100_000),
		"P05 deep objects": strings.Repeat(`{"":`, 100_000),
		"P05 deep, valid":  `{"a":` + strings.Repeat(`[`, 30_000) + strings.Repeat(`]`, 30_000) + `}`,
		"P05 many members": `{` + strings.Repeat(`"a":1,`, 1_000_000),
		"P05 escapes":      `{"a":"` + strings.Repeat(`\ud800`, 10_000) + `"}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			r := postJSON(body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			if _, err := core.ReadJSON(r); err == nil {
				t.Error("accepted")
			}
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
				t.Errorf("%d bytes allocated", used)
			}
			if took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,{"b":"\u00e9"}]}`, `{"a":1,"a":2}`, `{"a":"\ud800"}`, `[]`, `{"a":1}x`, `{"a" : "\\\"" , "b":{} }`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := core.ReadJSON(postJSON(body))
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal([]byte(body), &want)
		if err != nil {
			if e, ok := errors.AsType[*core.Error](err); !ok || e.Status != 422 && e.Status != 413 {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		if wantErr != nil || len(got) != len(want) {
			t.Fatalf("accepted %d members of %q, encoding/json: %d, %v", len(got), body, len(want), wantErr)
		}
		for name, value := range want {
			if !bytes.Equal(got[name], value) {
				t.Errorf("%q is %s, encoding/json returned %s", name, got[name], value)
			}
		}
	})
}

func BenchmarkReadJSON(b *testing.B) {
	body := []byte(`{"email":"somebody@example.com","password":"correct horse battery staple","full_name":"Some Body"}`)
	reader := bytes.NewReader(nil)
	r := post(reader, "application/json")
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		reader.Reset(body)
		if _, err := core.ReadJSON(r); err != nil {
			b.Fatal(err)
		}
	}
}

func TestParseObject(t *testing.T) {
	o, err := core.ParseObject([]byte(` {"id":7,"mail":"ada@example.com","more":{"a":[null]}} `))
	mail, ok, problem := o.String("mail")
	if err != nil || !ok || problem != nil || mail != "ada@example.com" || string(o["id"]) != "7" {
		t.Errorf("got %s, %v", o, err)
	}
	for _, text := range []string{
		``, `null`, `[]`, `"canary"`, `{`, `{} {}`, `{"canary":1,"canary":2}`, `{"a":{"b":1,"\u0062":2}}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`,
		`{"a":"\u0000"}`, `<html>canary</html>`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		o, err := core.ParseObject([]byte(text))
		answer := (*core.Error)(nil)
		if o != nil || err == nil || errors.As(err, &answer) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: got %s, %v", text, o, err)
		}
	}
}
