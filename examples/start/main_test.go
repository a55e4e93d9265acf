package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestStart does what the README shows, in its order.
func TestStart(t *testing.T) {
	t.Chdir(t.TempDir())
	s := httptest.NewServer(handler())
	defer s.Close()
	var session string
	want := func(method, path, body string, status int, part string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", session)
		resp, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		answer, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != status || !strings.Contains(string(answer), part) {
			t.Fatalf("%s %s: %d %s, want %d %s, %v", method, path, resp.StatusCode, answer, status, part, err)
		}
		for _, c := range resp.Cookies() {
			session = c.Name + "=" + c.Value
		}
		return string(answer)
	}
	ada := `{"email": "ada@example.org", "password": "correct horse 17 battery", "name": "Ada"}`
	want("POST", "/auth/register", ada, 201, `"name":"Ada"`)
	want("GET", "/hello", "", 401, "Unauthorized")
	want("POST", "/auth/web/login", ada, 204, "")
	want("GET", "/hello", "", 200, "Hello Ada!")
	var mails []struct {
		Text string `json:"text"`
	}
	for deadline := time.Now().Add(30 * time.Second); len(mails) == 0; { // it is sent within 2.5 seconds
		if time.Now().After(deadline) {
			t.Fatal("no mail came")
		}
		time.Sleep(100 * time.Millisecond)
		if err := json.Unmarshal([]byte(want("GET", "/outbox", "", 200, "")), &mails); err != nil {
			t.Fatal(err)
		}
	}
	_, token, _ := strings.Cut(mails[0].Text, "#token=")
	token, _, _ = strings.Cut(token, "\n")
	want("POST", "/auth/verify", `{"token": "`+token+`"}`, 200, `"is_verified":true`)
}
