package core_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestObject(t *testing.T) {
	o := core.Object{}
	for name, value := range map[string]string{
		"text": `"a\u00e9"`, "empty": `""`, "null": `null`, "number": `1`, "list": `["a"]`, "object": `{}`, "yes": `true`, "no": `false`,
	} {
		o[name] = []byte(value)
	}
	for _, c := range []struct {
		name                        string
		text                        string
		isText                      bool
		textProblem, needed, asFlag string // problem types of Text, Required and Flag
		flag, isFlag                bool
	}{
		{name: "text", text: "aé", isText: true, asFlag: "bool_parsing"},
		{name: "empty", isText: true, asFlag: "bool_parsing"},
		{name: "Text", needed: "missing"},
		{name: "null", needed: "string_type"},
		{name: "number", textProblem: "string_type", needed: "string_type", flag: true, isFlag: true},
		{name: "list", textProblem: "string_type", needed: "string_type", asFlag: "bool_type"},
		{name: "object", textProblem: "string_type", needed: "string_type", asFlag: "bool_type"},
		{name: "yes", textProblem: "string_type", needed: "string_type", flag: true, isFlag: true},
		{name: "no", textProblem: "string_type", needed: "string_type", isFlag: true},
	} {
		t.Run("P04 "+c.name, func(t *testing.T) {
			text, ok, problem := o.String(c.name)
			if text != c.text || ok != c.isText || kind(problem) != c.textProblem {
				t.Errorf("Text: %q, %v, %v", text, ok, problem)
			}
			text, problem = o.Required(c.name)
			if text != c.text || kind(problem) != c.needed {
				t.Errorf("Required: %q, %v", text, problem)
			}
			flag, ok, problem := o.Bool(c.name)
			if flag != c.flag || ok != c.isFlag || kind(problem) != c.asFlag {
				t.Errorf("Flag: %v, %v, %v", flag, ok, problem)
			}
			if problem != nil && problem.Loc[1] != c.name {
				t.Errorf("the problem is at %v", problem.Loc)
			}
		})
	}
}

// What pydantic takes for a boolean, and no more.
func TestFindingB3Booleans(t *testing.T) {
	for want, values := range map[string][]string{
		"true": {`true`, `1`, `1.0`, `1e0`, `10e-1`, `"1"`, `"true"`, `"True"`, `"TRUE"`, `"t"`, `"T"`, `"yes"`, `"Y"`, `"on"`, `"ON"`, `"\u0074rue"`},
		"false": {
			`false`, `0`, `-0`, `0.0`, `0e5`, `"0"`, `"false"`, `"fALSE"`, `"f"`, `"no"`, `"N"`, `"off"`, `"Off"`,
		},
		"bool_parsing": {
			`2`, `-1`, `0.5`, `1e999`, `12345678901234567890123`, `"2"`, `"01"`, `"1.0"`, `""`, `" true"`, `"true "`, `"ja"`, `"null"`, `"None"`, `"enabled"`,
			`"\uff54rue"`, `"ye\u017f"`, `"tru"`,
		},
		"bool_type": {`[]`, `{}`, `[true]`, `{"a":true}`},
		"":          {`null`},
	} {
		for _, value := range values {
			b, ok, problem := core.Object{"a": []byte(value)}.Bool("a")
			got := kind(problem)
			if ok {
				got = fmt.Sprint(b)
			}
			if got != want || ok && problem != nil {
				t.Errorf("%s is %s, want %s", value, got, want)
			}
		}
	}
}

func kind(p *core.Problem) string {
	if p == nil {
		return ""
	}
	return p.Type
}
