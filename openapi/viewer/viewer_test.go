package viewer_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi/viewer"
)

type head http.Header

func (head) Method() string               { return http.MethodGet }
func (head) Host() string                 { return "app.example" }
func (h head) Lines(name string) []string { return h[name] }

// ask sends a request for the route of a pattern.
func ask(t *testing.T, g core.Group, pattern, path string, h head) *core.Response {
	t.Helper()
	for _, e := range g {
		if e.Pattern == pattern {
			if !e.Public || !e.Doc.Hidden || e.Method != http.MethodGet {
				t.Errorf("the route %q is %+v", pattern, e.Route)
			}
			return e.Serve(t.Context(), &core.Request{Head: h, Path: path})
		}
	}
	t.Fatalf("there is no route %q", pattern)
	return nil
}

func TestThePageAllowsFilesOfItsOriginAlone(t *testing.T) {
	t.Parallel()
	resp := ask(t, viewer.Group("openapi.json", viewer.Options{Title: `<Shop & "Co">`}), "", "/docs", nil)
	page := string(resp.Body)
	got := resp.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(got, "default-src 'none'; script-src 'self'; style-src 'self';") ||
		strings.Contains(got, "unsafe") || !strings.Contains(got, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", got)
	}
	if !strings.Contains(page, "<title>&lt;Shop &amp; &#34;Co&#34;&gt;</title>") {
		t.Errorf("the title is not escaped:\n%s", page)
	}
	for _, refused := range []string{`<script>`, `<style`, ` style=`, ` onload=`, "//"} {
		if strings.Contains(page, refused) {
			t.Errorf("the page has %s:\n%s", refused, page)
		}
	}
	if strings.Count(page, "<script src=") != 2 {
		t.Errorf("the page is\n%s", page)
	}
}

func TestLinksHoldBelowEveryPrefix(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`(?:href|src|data-document)="([^"]*)"`)
	for _, c := range []struct{ path, document, want string }{
		{"/docs", "openapi.json", "./docs/ ./openapi.json"},
		{"/docs/", "openapi.json", "./ ../openapi.json"},
		{"/v1/a:b c", "openapi.json", "./a:b%20c/ ./openapi.json"},
		{"/", "openapi.json", "./ openapi.json"},
		{"/docs/", "/v1/openapi.json", "./ /v1/openapi.json"},
		{"/docs", "/v1/openapi.json", "./docs/ /v1/openapi.json"},
	} {
		below, document, _ := strings.Cut(c.want, " ")
		resp := ask(t, viewer.Group(c.document, viewer.Options{}), "", c.path, nil)
		want := []string{
			"data:,", below + "swagger-ui.css?v=5.35.0", document, below + "swagger-ui-bundle.js?v=5.35.0",
			below + "boot.js?v=5.35.0", document,
		}
		var got []string
		for _, found := range link.FindAllStringSubmatch(string(resp.Body), -1) {
			got = append(got, found[1])
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the links are\n%q, want\n%q", c.path, got, want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	for _, readOnly := range []bool{false, true} {
		resp := ask(t, viewer.Group("openapi.json", viewer.Options{ReadOnly: readOnly}), "", "/docs", nil)
		if got := strings.Contains(string(resp.Body), " data-read-only>"); got != readOnly {
			t.Errorf("%v: the page is\n%s", readOnly, resp.Body)
		}
	}
}

func TestFilesAreThoseOfNPM(t *testing.T) {
	t.Parallel()
	sums, err := os.ReadFile("dist/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	g := viewer.Group("openapi.json", viewer.Options{})
	for name, mediaType := range map[string]string{
		"swagger-ui.css": "text/css; charset=utf-8", "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
	} {
		packed := ask(t, g, "/"+name, "/docs/"+name, head{"Accept-Encoding": {"br, gzip"}})
		r, err := gzip.NewReader(bytes.NewReader(packed.Body))
		if err != nil {
			t.Fatal(err)
		}
		inside, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		plain := ask(t, g, "/"+name, "/docs/"+name, head{"Accept-Encoding": {"identity"}})
		if packed.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" ||
			!bytes.Equal(inside, plain.Body) || packed.Type != mediaType || packed.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v and %v", name, packed.Header, plain.Header)
		}
		if want := fmt.Sprintf("%x  %s\n", sha256.Sum256(inside), name); !strings.Contains(string(sums), want) {
			t.Errorf("dist/SHA256SUMS lacks %s", want)
		}
	}
	for _, name := range []string{"LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"} {
		text, err := os.ReadFile("dist/" + name)
		if err != nil || !strings.Contains(string(text), "SmartBear") && name == "NOTICE" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGzipIsSentToWhoAcceptsIt(t *testing.T) {
	t.Parallel()
	g := viewer.Group("openapi.json", viewer.Options{})
	for line, want := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "*": true, "gzip; q=1": true,
		"": false, "br": false, "gzip;q=0": false, "identity, *;q=0": false, "gzip;q=x": false,
	} {
		resp := ask(t, g, "/swagger-ui.css", "/docs/swagger-ui.css", head{"Accept-Encoding": {line}})
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%q: gzip is %v", line, got)
		}
	}
	if resp := ask(t, g, "/boot.js", "/docs/boot.js", nil); !strings.Contains(string(resp.Body), "SwaggerUIBundle") ||
		resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("boot.js is %v", resp.Header)
	}
}
