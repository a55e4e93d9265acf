package providertest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// fault responds in place of the service, which would have sent body.
type fault func(w http.ResponseWriter, r *http.Request, body []byte)

// internal is where no provider may be led.
const internal = "169.254.169.254"

// faults lists what a service may do wrong, with the rule for it.
var faults = []struct {
	name, rule string
	timeout    bool  // the error must be one
	page       bool  // a page for people, in place of data
	most       int64 // bytes that may arrive; 0 means limitBytes
	do         fault
}{
	{name: "O28 never answers", rule: slow, timeout: true, do: silent},
	{name: "O28 never ends its header", rule: slow, timeout: true, do: raw(func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Half: ")
		_, _ = io.Copy(io.Discard, conn)
	})},
	{name: "O28 never sends its body", rule: slow, timeout: true, do: func(w http.ResponseWriter, r *http.Request, _ []byte) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}},
	{name: "O28 drips", rule: slow, timeout: true, do: func(w http.ResponseWriter, r *http.Request, _ []byte) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Second)
		}
	}},
	{name: "O29 1 GiB", rule: large, do: func(w http.ResponseWriter, _ *http.Request, _ []byte) { flood(w, 1<<30) }},
	{name: "O29 1 GiB in a string", rule: large, do: func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		_, _ = io.WriteString(w, `{"access_token":"`)
		flood(w, 1<<30)
	}},
	{name: "O29 1 GiB of error", rule: large, do: func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.WriteHeader(http.StatusBadGateway)
		flood(w, 1<<30)
	}},
	{name: "O29 gzip bomb", rule: large, most: 64 << 10, do: func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		var member bytes.Buffer
		packed := gzip.NewWriter(&member)
		flood(packed, 1<<20)
		_ = packed.Close()
		flood(w, 1024*member.Len(), member.Bytes()...) // concatenated members decompress to 1 GiB
	}},
	{name: "O29 endless header", rule: large, do: raw(func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for i := range 1 << 20 {
			if _, err := fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1<<10)); err != nil {
				return
			}
		}
	})},
	{name: "O29 302 to an internal host", rule: redirect, do: redirectTo(http.StatusFound)},
	{name: "O29 307 to an internal host", rule: redirect, do: redirectTo(http.StatusTemporaryRedirect)},
	{name: "O29 500", rule: nonsense, do: text(http.StatusInternalServerError, "application/json", `{"canary":"canary"}`)},
	{name: "O29 503 without a body", rule: nonsense, do: text(http.StatusServiceUnavailable, "", "")},
	{name: "O29 200 HTML", rule: nonsense, page: true, do: text(http.StatusOK, "text/html", "<html><body>canary</body></html>")},
	{name: "O29 200 without a body", rule: nonsense, do: text(http.StatusOK, "application/json", "")},
	{name: "O29 closes", rule: nonsense, do: raw(func(net.Conn) {})},
	{name: "O29 closes in the middle", rule: nonsense, do: raw(func(conn net.Conn) {
		_, _ = io.WriteString(conn,
			"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":")
	})},
	{name: "O29 speaks something else", rule: nonsense, do: raw(func(conn net.Conn) { _, _ = io.WriteString(conn, "220 mail ESMTP canary\r\n") })},
	{name: "O31 malformed JSON", rule: nonsense, do: edited(func(body []byte) []byte { return body[:len(body)-1] })},
	{name: "O31 null", rule: nonsense, do: text(http.StatusOK, "application/json", "null")},
	{name: "O31 a list", rule: nonsense, do: edited(func(body []byte) []byte { return slices.Concat([]byte("["), body, []byte("]")) })},
	{name: "O31 two values", rule: nonsense, do: edited(func(body []byte) []byte { return slices.Concat(body, body) })},
	{name: "O31 members twice", rule: nonsense, do: edited(func(body []byte) []byte {
		inner := bytes.TrimSuffix(bytes.TrimPrefix(body, []byte("{")), []byte("}"))
		return slices.Concat([]byte("{"), inner, []byte(","), inner, []byte("}"))
	})},
	{name: "O31 members of wrong types", rule: nonsense, do: edited(mistype)},
	{name: "O31 members missing", rule: nonsense, do: text(http.StatusOK, "application/json", "{}")},
	{name: "O31 invalid UTF-8", rule: nonsense, do: edited(func(body []byte) []byte {
		return append(bytes.TrimSuffix(body, []byte("}")), ",\"x\":\"\xff\"}"...)
	})},
	{name: "O31 nested 100,000 deep", rule: nonsense, do: edited(func([]byte) []byte {
		return []byte(`{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}")
	})},
}

const (
	slow     = "a service that is too slow causes a timeout (errors.Is context.DeadlineExceeded) within 10 seconds, and nothing continues after it"
	large    = "at most 1 MiB of a response is read, after decompression"
	redirect = "no redirect is followed"
	nonsense = "anything but the documented response is an error: no login, no panic, no secret in its text"
)

// faultCases returns a case for every fault at every endpoint.
func faultCases(h Harness) (cases []Case) {
	endpoints := []string{token, profile}
	if h.OpenID {
		endpoints = []string{discovery, keySet, token, profile}
	}
	for _, endpoint := range endpoints {
		for _, fl := range faults {
			cases = append(cases, Case{fl.name + ", " + endpoint, fl.rule, func(s *service) error {
				s.faulty, s.fault = endpoint, fl.do
				if fl.page && h.OpenID && endpoint == profile {
					return s.checkPage()
				}
				return s.checkFault(fl.timeout, fl.most)
			}})
		}
	}
	return cases
}

func (s *service) checkFault(timeout bool, most int64) error {
	start := time.Now()
	who, tokens, err := s.login("1815")
	took := time.Since(start)
	if s.times(s.faulty) == 0 {
		return errors.New("the endpoint was not called")
	}
	if most == 0 {
		most = limitBytes
	}
	errs := []error{s.wantFailure(who, tokens, err, timeout)}
	if took > limitTime {
		errs = append(errs, fmt.Errorf("it took %v", took))
	}
	if got := s.net.read.Load(); got > most {
		errs = append(errs, fmt.Errorf("%d bytes were read", got))
	}
	for _, address := range s.net.addresses() {
		if strings.HasPrefix(address, internal) {
			errs = append(errs, errors.New("the internal host was called"))
		}
	}
	time.Sleep(limitTime)
	if n := s.active.Load(); n > 0 {
		errs = append(errs, fmt.Errorf("%d calls go on", n))
	}
	return errors.Join(errs...)
}

// checkPage allows a login, as an ID token says who it is, but without an
// address.
func (s *service) checkPage() error {
	who, tokens, err := s.login("1815")
	if err != nil {
		return s.wantFailure(who, tokens, err, false)
	}
	if who.Email != "" || who.EmailVerified != nil {
		return fmt.Errorf("the address is %q", who.Email)
	}
	return nil
}

func (s *service) wantFailure(who core.OAuthIdentity, tokens core.OAuthTokens, err error, timeout bool) error {
	if !timeout {
		return s.wantPlain(who, tokens, err)
	}
	if fault := wantNothing(who, tokens, err); fault != nil {
		return fault
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the error is not a timeout: %w", err)
	}
	return nil
}

// silent never responds.
func silent(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }

// raw takes over the connection, and closes it at the end.
func raw(do func(net.Conn)) fault {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		do(conn)
	}
}

func text(status int, media, body string) fault {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func edited(change func([]byte) []byte) fault {
	return func(w http.ResponseWriter, _ *http.Request, body []byte) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(change(body))
	}
}

func redirectTo(status int) fault {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, "https://"+internal+"/latest/meta-data", status)
	}
}

// mistype replaces every member's value with a list of an object.
func mistype(body []byte) []byte {
	members := map[string]any{}
	if json.Unmarshal(body, &members) != nil {
		return body
	}
	for name := range members {
		members[name] = []any{map[string]any{}}
	}
	return encode(members)
}

// flood writes n bytes of blocks, until nobody reads any more.
func flood(w io.Writer, n int, block ...byte) {
	if block == nil {
		block = bytes.Repeat([]byte("x"), 32<<10)
	}
	for range n / len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}
