package core_test

import (
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
		{name: "text", text: "aé", isText: true, asFlag: "bool_type"},
		{name: "empty", isText: true, asFlag: "bool_type"},
		{name: "Text", needed: "missing"},
		{name: "null", needed: "string_type"},
		{name: "number", textProblem: "string_type", needed: "string_type", asFlag: "bool_type"},
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

func kind(p *core.Problem) string {
	if p == nil {
		return ""
	}
	return p.Type
}
