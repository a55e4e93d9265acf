package outbox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/senders/outbox"
)

const token = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

func newBox(t *testing.T, o outbox.Options) *outbox.Outbox {
	t.Helper()
	box, err := outbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func send(t *testing.T, box *outbox.Outbox, to string) {
	t.Helper()
	err := box.Send(t.Context(),
		core.Mail{To: to, Kind: core.MailReset, Token: token, Link: "https://app.example.com/reset#token=" + token})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSend(t *testing.T) {
	t.Run("keeps what the mail says", func(t *testing.T) {
		at := time.Date(2026, 5, 4, 14, 30, 0, 0, time.FixedZone("CEST", 2*60*60))
		box := newBox(t, outbox.Options{App: "Acme", Now: func() time.Time { return at }})
		send(t, box, "ada@example.com")
		mails := box.Mails()
		if len(mails) != 1 {
			t.Fatalf("%d mails, want 1", len(mails))
		}
		got, text := mails[0], mails[0].Text
		got.Text = ""
		want := outbox.Mail{To: "ada@example.com", Subject: "Choose a new password for Acme", Kind: "reset", Token: token,
			Link: "https://app.example.com/reset#token=" + token, At: at.UTC()}
		if got != want {
			t.Errorf("kept %#v with %+q, want %+q", got, []string{got.To, got.Subject, got.At.String()},
				[]string{want.To, want.Subject, want.At.String()})
		}
		if !strings.Contains(text, "https://app.example.com/reset#token="+token) {
			t.Errorf("the text lacks the link: %q", text)
		}
	})
	t.Run("keeps the latest", func(t *testing.T) {
		for _, c := range []struct{ max, want int }{{0, 100}, {3, 3}} {
			box := newBox(t, outbox.Options{Max: c.max})
			for range 120 {
				send(t, box, "old@example.com")
			}
			send(t, box, "new@example.com")
			mails := box.Mails()
			if len(mails) != c.want || mails[len(mails)-1].To != "new@example.com" {
				t.Errorf("Max %d keeps %d mails, the last to %s; want %d, new@example.com", c.max, len(mails),
					mails[len(mails)-1].To, c.want)
			}
		}
	})
	t.Run("returns a copy", func(t *testing.T) {
		box := newBox(t, outbox.Options{})
		send(t, box, "ada@example.com")
		box.Mails()[0].To = "eve@example.com"
		if box.Mails()[0].To != "ada@example.com" {
			t.Error("a caller changed a kept mail")
		}
	})
	t.Run("an unknown kind is an error", func(t *testing.T) {
		box := newBox(t, outbox.Options{})
		if err := box.Send(t.Context(), core.Mail{Kind: "news"}); err == nil || len(box.Mails()) != 0 {
			t.Errorf("error %v, %d mails kept", err, len(box.Mails()))
		}
	})
	t.Run("L01 the token is not logged", func(t *testing.T) {
		var log bytes.Buffer
		box := newBox(t, outbox.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		send(t, box, "ada@example.com")
		slog.New(slog.NewTextHandler(&log, nil)).Info("by accident", "mail", box.Mails()[0])
		if strings.Contains(log.String(), token) {
			t.Errorf("the log holds the token: %s", &log)
		}
		for _, part := range []string{"to=ada@example.com", "kind=reset"} {
			if !strings.Contains(log.String(), part) {
				t.Errorf("the log lacks %s: %s", part, &log)
			}
		}
	})
}

func TestNewTellsAllProblems(t *testing.T) {
	_, err := outbox.New(outbox.Options{Max: -1, Templates: fstest.MapFS{"reset.txt": {Data: []byte("{{.Link")}}})
	if err == nil || !strings.Contains(err.Error(), "Max") || !strings.Contains(err.Error(), "reset.txt") {
		t.Errorf("error %v, want one that names Max and reset.txt", err)
	}
	var unreadable fs.FS = fstest.MapFS{}
	if unreadable, err = fs.Sub(unreadable, "missing"); err != nil {
		t.Fatal(err)
	}
	if _, err = outbox.New(outbox.Options{Templates: unreadable}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v for a folder that does not exist", err)
	}
}

func TestServeHTTP(t *testing.T) {
	box := newBox(t, outbox.Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	get := func(change func(r *http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:8080/dev/outbox", nil)
		r.RemoteAddr = "127.0.0.1:5555"
		change(r)
		w := httptest.NewRecorder()
		box.ServeHTTP(w, r)
		return w
	}
	if w := get(func(*http.Request) {}); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("the empty outbox is %q, want []", w.Body)
	}
	browser := func(r *http.Request) { r.Header.Set("Accept", "text/html,*/*;q=0.8") }
	if page := get(browser).Body.String(); !strings.Contains(page, `http-equiv="refresh"`) {
		t.Errorf("the empty page does not wait for a mail:\n%s", page)
	}
	send(t, box, "ada@example.com")

	t.Run("the JSON form", func(t *testing.T) {
		w := get(func(*http.Request) {})
		var mails []map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &mails); err != nil || len(mails) != 1 {
			t.Fatalf("%v: %s", err, w.Body)
		}
		m := mails[0]
		if len(m) != 8 || m["code"] != "" || m["to"] != "ada@example.com" || m["kind"] != "reset" || m["token"] != token ||
			m["at"] != "2027-01-15T08:00:00Z" ||
			m["subject"] != "Choose a new password" || !strings.Contains(m["text"], token) {
			t.Errorf("got %q", m)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
	t.Run("a page for browsers", func(t *testing.T) {
		err := box.Send(t.Context(), core.Mail{To: `"<b>"@example.com`, Kind: core.MailVerify, Token: token,
			Link: "javascript:alert(1)"})
		if err != nil {
			t.Fatal(err)
		}
		w := get(browser)
		page := w.Body.String()
		if strings.Contains(page, `http-equiv="refresh"`) {
			t.Errorf("the page moves while it is read:\n%s", page)
		}
		if !strings.Contains(page, `href="https://app.example.com/reset#token=`+token+`"`) ||
			strings.Index(page, "Confirm") > strings.Index(page, "Choose") {
			t.Errorf("the page does not have the links, newest first:\n%s", page)
		}
		if strings.Contains(page, "<b>") || strings.Contains(page, `href="javascript`) {
			t.Errorf("a mail has written into the page:\n%s", page)
		}
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") {
			t.Errorf("the policy is %q", csp)
		}
		w = get(func(r *http.Request) {
			r.Header.Set("Accept", "text/html")
			r.RemoteAddr = "192.0.2.1:1"
		})
		if w.Code != 404 || strings.Contains(w.Body.String(), token) {
			t.Errorf("another machine gets %d %s", w.Code, w.Body)
		}
	})
	for _, c := range []struct {
		name   string
		change func(r *http.Request)
		status int
	}{
		{"IPv4", func(*http.Request) {}, 200},
		{"IPv4, another of the loopback network", func(r *http.Request) { r.RemoteAddr = "127.1.2.3:1" }, 200},
		{"IPv6", func(r *http.Request) { r.RemoteAddr = "[::1]:1" }, 200},
		{"IPv4 in IPv6", func(r *http.Request) { r.RemoteAddr = "[::ffff:127.0.0.1]:1" }, 200},
		{"another machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 404},
		{"another machine, IPv4 in IPv6", func(r *http.Request) { r.RemoteAddr = "[::ffff:192.0.2.1]:1" }, 404},
		{"a private network", func(r *http.Request) { r.RemoteAddr = "10.0.0.1:1" }, 404},
		{"a Unix socket", func(r *http.Request) { r.RemoteAddr = "@" }, 404},
		{"no peer", func(r *http.Request) { r.RemoteAddr = "" }, 404},
		{"Host in capitals", func(r *http.Request) { r.Host = "LOCALHOST" }, 200},
		{"Host 127.0.0.1", func(r *http.Request) { r.Host = "127.0.0.1:8080" }, 200},
		{"Host [::1] with a port", func(r *http.Request) { r.Host = "[::1]:8080" }, 200},
		{"Host [::1]", func(r *http.Request) { r.Host = "[::1]" }, 200},
		{"DNS rebinding", func(r *http.Request) { r.Host = "evil.example:8080" }, 404},
		{"DNS rebinding, localhost as a label", func(r *http.Request) { r.Host = "localhost.evil.example" }, 404},
		{"DNS rebinding, 127.0.0.1 as labels", func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, 404},
		{"no Host", func(r *http.Request) { r.Host = "" }, 404},
		{"behind a proxy", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }, 404},
		{"behind a proxy, RFC 7239", func(r *http.Request) { r.Header.Set("Forwarded", "for=192.0.2.1") }, 404},
		{"HEAD", func(r *http.Request) { r.Method = http.MethodHead }, 200},
		{"P13 POST", func(r *http.Request) { r.Method = http.MethodPost }, 405},
		{"P13 DELETE", func(r *http.Request) { r.Method = http.MethodDelete }, 405},
		{"a method says nothing to others", func(r *http.Request) { r.Method, r.RemoteAddr = http.MethodPost, "192.0.2.1:1" }, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(c.change)
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			if c.status != 200 && strings.Contains(w.Body.String(), token) {
				t.Error("the refusal holds the token")
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			if allow := w.Header().Get("Allow"); (allow == "GET, HEAD") != (c.status == 405) {
				t.Errorf("Allow %q", allow)
			}
		})
	}
}
