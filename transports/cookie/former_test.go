package cookie_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// TestFieldF18FormerForms: two cookies of one name are refused, and the answer
// is the way out.
func TestFieldF18FormerForms(t *testing.T) {
	for _, c := range []struct {
		name string
		o    cookie.Options
		gone []string // the lines before the present form's
	}{
		{"a __Host- name has one form", cookie.Options{}, nil},
		{"this host alone", cookie.Options{Name: "s"}, nil},
		{"a Domain", cookie.Options{Name: "s", Domain: "app.example"}, []string{"Path=/"}},
		{"a Path", cookie.Options{Name: "s", Path: "/app"}, []string{"Path=/"}},
		{
			"a parent domain before", cookie.Options{Name: "s", Former: []cookie.Form{{Domain: "app.example"}}},
			[]string{"Path=/; Domain=app.example"},
		},
		{
			"several, and one of them twice",
			cookie.Options{
				Name: "s", Domain: "app.example", Path: "/",
				Former: []cookie.Form{
					{}, {Path: "/"}, {Path: "/app"}, {Domain: ".App.example", Path: "/app"}, {Domain: "app.example", Path: "/app"},
				},
			},
			[]string{"Path=/", "Path=/app", "Path=/app; Domain=app.example"},
		},
		{
			"Partitioned from now on",
			cookie.Options{Partitioned: true, SameSite: http.SameSiteNoneMode, Former: []cookie.Form{{}}},
			[]string{"Path=/"},
		},
		{
			"no longer Partitioned", cookie.Options{Former: []cookie.Form{{Partitioned: true}}},
			[]string{"Path=/; Partitioned"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport := newTransport(t, c.o)
			wantGone := func(what string, lines []string, present bool) {
				t.Helper()
				if len(lines) != len(c.gone)+1 {
					t.Fatalf("%s: got %q, want the forms %q and the present one", what, lines, c.gone)
				}
				for i, form := range c.gone {
					if got := attributes(lines[i]); !strings.HasPrefix(got, "Max-Age=0; ") || got != "Max-Age=0; "+form {
						t.Errorf("%s: line %d is %q, want one that drops %s", what, i, lines[i], form)
					}
				}
				if last := lines[len(c.gone)]; strings.Contains(last, "Max-Age=0") == present {
					t.Errorf("%s: the last line is %q", what, last)
				}
			}
			in, out := core.Empty(0), core.Empty(0)
			transport.Attach(in, core.Token{Raw: "t"})
			wantGone("a login", in.Header["Set-Cookie"], true)
			transport.Clear(out)
			wantGone("a logout", out.Header["Set-Cookie"], false)

			name, _, _ := strings.Cut(out.Header["Set-Cookie"][0], "=")
			_, err := transport.Extract(head{http.MethodGet, http.Header{"Cookie": {name + "=a; " + name + "=b"}}})
			var refusal *core.Error
			if !errors.As(err, &refusal) || !errors.Is(err, core.Refuse(core.CodeDuplicateCredentials)) {
				t.Fatalf("got %v", err)
			}
			wantGone("two cookies", refusal.Header["Set-Cookie"], false)

			transport.Hold(in, "p", time.Minute)
			wantGone("a pending login", in.Header["Set-Cookie"][len(c.gone)+1:], true)
		})
	}
}

// attributes returns those that tell forms apart, behind whether the line drops
// the cookie.
func attributes(line string) string {
	c, err := http.ParseSetCookie(line)
	if err != nil || c.MaxAge >= 0 || c.Value != "" {
		return line
	}
	form := "Max-Age=0; Path=" + c.Path
	if c.Domain != "" {
		form += "; Domain=" + c.Domain
	}
	if c.Partitioned {
		form += "; Partitioned"
	}
	return form
}

func TestFieldF18NewRefusesForms(t *testing.T) {
	for _, c := range []struct {
		name string
		o    cookie.Options
		want string
	}{
		{"scheme", cookie.Options{Name: "s", Former: []cookie.Form{{Domain: "https://app.example"}}}, "Former[0]: http: invalid Cookie.Domain"},
		{"port", cookie.Options{Name: "s", Former: []cookie.Form{{Domain: "app.example:443"}}}, "Cookie.Domain"},
		{"path in the domain", cookie.Options{Name: "s", Former: []cookie.Form{{Domain: "app.example/"}}}, "Cookie.Domain"},
		{"no ASCII", cookie.Options{Name: "s", Former: []cookie.Form{{Domain: "bücher.example"}}}, "Cookie.Domain"},
		{"blank", cookie.Options{Name: "s", Former: []cookie.Form{{}, {Domain: " app.example"}}}, "Former[1]"},
		{"final dot", cookie.Options{Name: "s", Former: []cookie.Form{{Domain: "app.example."}}}, "must not end with a dot"},
		{"dot alone", cookie.Options{Name: "s", Former: []cookie.Form{{Domain: "."}}}, "Former[0]"},
		{"relative path", cookie.Options{Name: "s", Former: []cookie.Form{{Path: "app"}}}, `Former[0]: Path "app" must begin with /`},
		{"attribute", cookie.Options{Name: "s", Former: []cookie.Form{{Path: "/; Secure"}}}, "Cookie.Path"},
		{"Domain of __Host-", cookie.Options{Former: []cookie.Form{{Domain: "app.example"}}}, "excludes a Domain"},
		{"Path of __Host-", cookie.Options{Former: []cookie.Form{{Path: "/app"}}}, "excludes a Path other than /"},
		{"the present form", cookie.Options{Name: "s", Former: []cookie.Form{{}}}, "Former[0]: that is the present form"},
		{
			"the present form in other letters",
			cookie.Options{Name: "s", Domain: "app.example", Former: []cookie.Form{{Domain: ".APP.example", Path: "/"}}},
			"the present form",
		},
		{"Partitioned over http", cookie.Options{InsecureHTTP: true, Former: []cookie.Form{{Partitioned: true}}}, "artitioned"},
		{"the Domain itself", cookie.Options{Name: "s", Domain: "app.example."}, "must not end with a dot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport, err := cookie.New(c.o)
			if err == nil || transport != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
