package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

const urlencoded = "application/x-www-form-urlencoded"

func readForm(body string, contentType string) (core.Object, error) {
	return core.ReadForm(post(strings.NewReader(body), contentType))
}

// multipartBody is a form in multipart/form-data with its content type.
func multipartBody(t *testing.T, write func(*multipart.Writer) error) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := errors.Join(write(w), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestReadForm(t *testing.T) {
	parts, multipartType := multipartBody(t, func(w *multipart.Writer) error {
		return errors.Join(w.WriteField("username", "a+b@c.example"), w.WriteField("password", "x é<&;=%41"),
			w.WriteField("scope", ""))
	})
	for _, form := range []struct{ body, contentType string }{
		{"username=a%2Bb%40c.example&password=x+%C3%A9<%26;=%2541&scope=&&", urlencoded},
		{"username=a%2bb@c.example&password=x%20%c3%a9%3C%26%3B%3D%2541&scope", urlencoded + "; charset=UTF-8"},
		{parts, multipartType},
		{`{"username":"a+b@c.example","password":"x é<&;=%41"}`, "application/json"},
	} {
		t.Run(form.contentType, func(t *testing.T) {
			o, err := readForm(form.body, form.contentType)
			if err != nil {
				t.Fatal(err)
			}
			user, _, _ := o.String("username")
			password, _, _ := o.String("password")
			if user != "a+b@c.example" || password != "x é<&;=%41" {
				t.Errorf("got %q, %q", user, password)
			}
			scope, _, _ := o.String("scope")
			if scope != "" || form.contentType != "application/json" && len(o) != 3 {
				t.Errorf("the fields are %v", o)
			}
		})
	}
	if o, err := core.ReadForm(post(nil, urlencoded)); err != nil || len(o) != 0 {
		t.Errorf("an empty form: %v, %v", o, err)
	}
}

func TestReadFormRefuses(t *testing.T) {
	part := func(disposition, value string) string {
		return "--x\r\nContent-Disposition: " + disposition + "\r\n\r\n" + value + "\r\n--x--\r\n"
	}
	const multi = "multipart/form-data; boundary=x"
	for _, c := range []struct {
		name, body, contentType string
		loc                     []any
	}{
		{"twice", "username=a&username=b", urlencoded, []any{"body", "username"}},
		{"twice, equal", "username=a&username=a", urlencoded, []any{"body", "username"}},
		{"twice, one empty", "username=&username=a", urlencoded, []any{"body", "username"}},
		{"twice, escaped", "username=a&user%6eame=b", urlencoded, []any{"body", "username"}},
		{"twice, multipart", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" + part("form-data; name=a", "2"), multi, []any{"body", "a"}},
		{"G05 NUL", "password=a%00", urlencoded, []any{"body", "password"}},
		{"G05 raw NUL", "password=a\x00", urlencoded, []any{"body", "password"}},
		{"G05 NUL in a name", "pass%00word=a", urlencoded, []any{"body"}},
		{"G05 not UTF-8", "password=%ff", urlencoded, []any{"body", "password"}},
		{"G05 a surrogate in UTF-8", "password=%ed%a0%80", urlencoded, []any{"body", "password"}},
		{"G05 not UTF-8, multipart", part("form-data; name=a", "\xc3\x28"), multi, []any{"body", "a"}},
		{"percent sign alone", "password=100%", urlencoded, []any{"body", "password"}},
		{"percent and letters", "password=%zz", urlencoded, []any{"body", "password"}},
		{"percent in a name", "pass%4=1", urlencoded, []any{"body"}},
		{"P14 file", part(`form-data; name="a"; filename="a.txt"`, "1"), multi, []any{"body", "a"}},
		{"multipart without a boundary", "--\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n----\r\n", "multipart/form-data", []any{"body"}},
		{"multipart, empty", "", multi, []any{"body"}},
		{"multipart, other boundary", part("form-data; name=a", "1"), "multipart/form-data; boundary=y", []any{"body"}},
		{"multipart, cut in a value", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1", multi, []any{"body"}},
		{"multipart, bad header", "--x\r\nbad\r\n\r\n1\r\n--x--\r\n", multi, []any{"body"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readForm(c.body, c.contentType)
			wantProblem(t, err, "value_error", c.loc...)
		})
	}
}

func TestReadFormContentType(t *testing.T) {
	t.Run("P02 content type", func(t *testing.T) {
		for _, refused := range [][]string{
			nil, {"text/plain"}, {"application/octet-stream"}, {"multipart/mixed; boundary=x"},
			{urlencoded + "; charset=utf-16"}, {urlencoded + "; charset=utf-7"}, {urlencoded + "; charset=iso-2022-jp"},
			{urlencoded + "; charset="}, {urlencoded + "; charset=iso-8859-"}, {urlencoded + "; charset=x-utf-8"},
			{urlencoded + ", " + urlencoded + ", " + urlencoded}, {urlencoded + ", text/plain"},
			{urlencoded, urlencoded}, {urlencoded + ", application/json"},
		} {
			_, err := core.ReadForm(post(strings.NewReader("username=a"), refused...))
			wantStatus(t, err, http.StatusUnsupportedMediaType, core.CodeUnsupportedMediaType)
		}
	})
}

// Field F4: the name of a charset says little; what is sent under it is UTF-8,
// or refused.
func TestReadFormCharset(t *testing.T) {
	for _, name := range []string{
		"ISO-8859-1", "us-ascii", "windows-1252", "UTF8", "utf-8", "iso-8859-15", "latin1", `"utf-8"`,
	} {
		for body, want := range map[string]int{"password=abc": 0, "password=%C3%A9": 0, "password=%E9": 422} {
			_, err := readForm(body, urlencoded+"; charset="+name)
			if want == 0 && err != nil {
				t.Errorf("%s, %s: %v", name, body, err)
			}
			if want != 0 {
				wantProblem(t, err, "value_error", "body", "password")
			}
		}
	}
	if o, err := readForm("password=abc", urlencoded+", "+urlencoded); err != nil || len(o) != 1 {
		t.Errorf("a type that a proxy has doubled: %v, %v", o, err)
	}
}

// Field F3: a page's form has more than a route reads.
func TestReadFormReadsItsFieldsAlone(t *testing.T) {
	const multi = "multipart/form-data; boundary=x"
	part := func(disposition, value string) string {
		return "--x\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n"
	}
	for body, contentType := range map[string]string{
		"password=p&remember=0&remember=1&username=u":   urlencoded,
		"username=u&x=%ff&x=%zz&%zz=1&password=p&x=%00": urlencoded,
		"password=p&username=u&scope=a&scope=b&;":       urlencoded,
		part("name=x; filename=a.txt", "\xff") + part("name=username", "u") + part("name=x", "") +
			part("name=password", "p") + "--x--\r\n": multi,
	} {
		o, err := core.ReadForm(post(strings.NewReader(body), contentType), "username", "password")
		username, _, _ := o.String("username")
		password, _, _ := o.String("password")
		if err != nil || len(o) != 2 || username != "u" || password != "p" {
			t.Errorf("%q: got %v, %v", body, o, err)
		}
	}
	for body, contentType := range map[string]string{
		"username=u&username=u":   urlencoded,
		"username=u&user%6eame=v": urlencoded,
		"username=%ff":            urlencoded,
		"username=%zz":            urlencoded,
		"username=&username=u":    urlencoded,
		part("name=username; filename=a.txt", "u") + "--x--\r\n": multi,
	} {
		if o, err := core.ReadForm(post(strings.NewReader(body), contentType), "username", "password"); err == nil {
			t.Errorf("%q is read as %v", body, o)
		}
	}
}

// Finding B13: one 422 has a problem for each field, the first that it has.
func TestFindingB13EveryProblemOfAForm(t *testing.T) {
	body := strings.NewReader("a=1&a=%ff&a=%zz&b=%zz&c=%00&x=%ff&x=1&d=ok")
	o, err := core.ReadForm(post(body, urlencoded), "a", "b", "c", "d")
	if got := problems(err); got != "a value_error, b value_error, c value_error" {
		t.Errorf("got %s", got)
	}
	if d, ok, _ := o.String("d"); d != "ok" || !ok {
		t.Errorf("the other field is %q", d)
	}
	missing := core.Missing("e")
	got := problems(core.AddProblems(err, nil, &missing))
	if got != "a value_error, b value_error, c value_error, e missing" {
		t.Errorf("with another one: %s", got)
	}
}

// Attack cases P19 and P20, and A13.
func TestFindingA13TheBodyHasNoCoding(t *testing.T) {
	for contentType, body := range map[string]string{
		urlencoded: "a=1", "application/json": `{"a":"1"}`,
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n",
	} {
		for _, c := range []struct {
			refused bool
			lines   []string
		}{
			{false, nil},
			{false, []string{"identity"}},
			{false, []string{"Identity"}},
			{false, []string{" identity\t, IDENTITY,"}},
			{false, []string{"identity", "identity"}},
			{false, []string{""}},
			{true, []string{"gzip"}},
			{true, []string{"GZIP"}},
			{true, []string{"x-gzip"}},
			{true, []string{"deflate"}},
			{true, []string{"br"}},
			{true, []string{"zstd"}},
			{true, []string{"identity, gzip"}},
			{true, []string{"gzip, identity"}},
			{true, []string{"identity", "br"}},
			{true, []string{"identity gzip"}},
			{true, []string{"identity;q=1"}},
			{true, []string{"none"}},
			{true, []string{"utf-8"}},
			{true, []string{"aws-chunked"}},
		} {
			r := post(strings.NewReader(body), contentType)
			r.Head.(head).header["Content-Encoding"] = c.lines
			o, err := core.ReadForm(r)
			if c.refused {
				wantStatus(t, err, http.StatusUnsupportedMediaType, core.CodeUnsupportedMediaType)
			} else if err != nil || len(o) != 1 {
				t.Errorf("%s, %q: %v, %v", contentType, c.lines, o, err)
			}
		}
	}
}

// The parts of a form have codings of their own, which nobody undoes: not
// Starlette either.
func TestFindingA13PartsAreReadAsTheyAre(t *testing.T) {
	part := func(header, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=a\r\n" + header + "\r\n\r\n" + value + "\r\n--x--\r\n"
	}
	for _, header := range []string{
		"Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable", "Content-Transfer-Encoding: 8bit",
		"Content-Encoding: gzip", "Content-Type: text/plain; charset=utf-16", "Transfer-Encoding: chunked",
	} {
		o, err := readForm(part(header, "YQ=3D="), "multipart/form-data; boundary=x")
		if a, _, _ := o.String("a"); err != nil || a != "YQ=3D=" {
			t.Errorf("%s: %q, %v", header, a, err)
		}
	}
}

func TestReadFormSize(t *testing.T) {
	fields := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "f%d=%d&", i, i)
		}
		return b.String()
	}
	if o, err := readForm(fields(100), urlencoded); err != nil || len(o) != 100 {
		t.Errorf("100 fields: %d, %v", len(o), err)
	}
	parts, multipartType := multipartBody(t, func(w *multipart.Writer) error {
		var errs []error
		for i := range 101 {
			errs = append(errs, w.WriteField(fmt.Sprint(i), ""))
		}
		return errors.Join(errs...)
	})
	for name, c := range map[string]struct{ body, contentType string }{
		"P14 101 fields":        {fields(101), urlencoded},
		"P14 10^6 fields":       {strings.Repeat("a=1&", 1_000_000), urlencoded},
		"P14 101 parts":         {parts, multipartType},
		"P14 multipart bomb":    {strings.Repeat("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n", 10_000), "multipart/form-data; boundary=x"},
		"P01 too long":          {"a=" + strings.Repeat("x", core.MaxBody), urlencoded},
		"P01 too long, as JSON": {`{"a":"` + strings.Repeat("x", core.MaxBody), "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readForm(c.body, c.contentType)
			wantStatus(t, err, http.StatusRequestEntityTooLarge, core.CodeBodyTooLarge)
		})
	}
	_, err := core.ReadForm(post(failing{io.ErrUnexpectedEOF}, urlencoded))
	wantStatus(t, err, http.StatusBadRequest, "")
}

func FuzzReadForm(f *testing.F) {
	f.Add("username=a%40b&password=c+d", false)
	f.Add("a=1&a=2&=%", false)
	f.Add("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n", true)
	f.Fuzz(func(t *testing.T, body string, multi bool) {
		contentType := urlencoded
		if multi {
			contentType = "multipart/form-data; boundary=x"
		}
		o, err := readForm(body, contentType)
		if err != nil {
			if e, ok := errors.AsType[*core.Error](err); !ok || e.Status != 422 && e.Status != 413 {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		want, wantErr := url.ParseQuery(body)
		for name := range o {
			s, ok, problem := o.String(name)
			if !ok || problem != nil {
				t.Fatalf("field %q is not a string", name)
			}
			if !multi && wantErr == nil && (len(want[name]) != 1 || want[name][0] != s) {
				t.Errorf("%q is %q, net/url returned %q", name, s, want[name])
			}
		}
	})
}
