package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

func TestParseJSON(t *testing.T) {
	for _, text := range []string{`{"a":[1,{"b":null}],"c":"d"}`, `"text"`, `[]`, ` {} `} {
		if _, err := outbound.ParseJSON([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{``, `{`, `{} {}`, `{"a":1,"a":1}`, `[{"a":{"b":1,"\u0062":2}}]`, "\"\xff\"", `{a:1}`,
		`NaN`, `01`} {
		if v, err := outbound.ParseJSON([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, v)
		}
	}
	if v, err := outbound.ParseObject([]byte(`{"a":{"b":["c"]}}`)); err != nil ||
		!reflect.DeepEqual(v, map[string]any{"a": map[string]any{"b": []any{"c"}}}) {
		t.Errorf("got %v, %v", v, err)
	}
	for _, text := range []string{`[]`, `null`, `"text"`, `7`} {
		if v, err := outbound.ParseObject([]byte(text)); err == nil {
			t.Errorf("%s is read as the object %v", text, v)
		}
	}
}

func TestParseMembers(t *testing.T) {
	members, err := outbound.ParseMembers([]byte(` {"a" : {"x":1,"x":2}, "b":[ 1 ]} `))
	if err != nil || len(members) != 2 || string(members["a"]) != `{"x":1,"x":2}` || string(members["b"]) != "[ 1 ]" {
		t.Errorf("got %s, %v", members, err)
	}
	for _, text := range []string{`{"a":1,"a":2}`, `[]`, `null`, `{"a":1} {}`, `{"a":1`, "", "{\"\xff\":1}"} {
		if members, err := outbound.ParseMembers([]byte(text)); err == nil {
			t.Errorf("%q is read as %s", text, members)
		}
	}
}

func TestTransport(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", int(r.ContentLength))+r.UserAgent()+r.Header.Get("Accept"))
	}))
	defer server.Close()
	refusal := errors.New("refused")
	checked := ""
	transport := outbound.Transport{HTTPS: outbound.Direct(), HTTP: outbound.Loopback(),
		Check: func(_ *http.Response, body []byte) ([]byte, error) {
			if checked = string(body); checked == "xlatchkeyapplication/json" {
				return nil, refusal
			}
			return body, nil
		}}
	post := func(url string, length int) (string, error) {
		resp, err := (&http.Client{Transport: transport}).Post(url, "text/plain",
			strings.NewReader(strings.Repeat("x", length)))
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	if got, err := post(server.URL, 2); err != nil || got != checked || got != "xxlatchkeyapplication/json" {
		t.Errorf("got %q, %v; checked was %q", got, err, checked)
	}
	if _, err := post(server.URL, 1); !errors.Is(err, refusal) {
		t.Errorf("a refused answer returned %v", err)
	}
	rest := len("latchkeyapplication/json")
	if _, err := post(server.URL, outbound.MaxBody-rest); err != nil {
		t.Errorf("an answer of 1 MiB: %v", err)
	}
	if _, err := post(server.URL, outbound.MaxBody-rest+1); err == nil {
		t.Error("a larger answer is read")
	}
	if _, err := post(strings.Replace(server.URL, "127.0.0.1", "192.0.2.1", 1), 2); err == nil ||
		!strings.Contains(err.Error(), "loopback") {
		t.Errorf("plain http to elsewhere: %v", err)
	}
	transport.HTTP = nil
	if _, err := post(server.URL, 2); err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("plain http: %v", err)
	}
	if outbound.Loopback().Proxy != nil || outbound.Plain().Proxy != nil {
		t.Error("plain http goes through a proxy, which would see all of it")
	}
}
