package transporttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Every byte a token may contain: base64url, and the dots of a JWT.
const (
	token = "ABCDEFGHIJKLMNOPQRSTUVWXYZ.abcdefghijklmnopqrstuvwxyz.0123456789-_"
	other = "another-token_of.the-same.shape"
)

func login(t core.Transport, raw string) *core.Response {
	resp := core.Empty(0)
	t.Attach(resp, core.Token{Raw: raw, Expires: time.Now().Add(time.Hour)})
	return resp
}

// tokenCases returns the cases about what goes into Attach and comes out of
// Extract.
func tokenCases(harness Harness) []Case {
	return []Case{
		{"absent", "a request without the credential is ErrNoCredential", func(t core.Transport) error {
			return wantNone(t, post())
		}},
		{"foreign", "other schemes and other cookies are no credential: ErrNoCredential", func(t core.Transport) error {
			return wantNone(t, post(http.Header{
				"Authorization": {"Negotiate " + other}, "Cookie": {"unrelated=" + other}, "X-Unrelated": {other},
			}))
		}},
		{"round trip", "the client's next request carries exactly the token that Attach was given", func(t core.Transport) error {
			return wantToken(t, post(harness.Client(login(t, token))), token)
		}},
		{"new token", "a second login replaces the client's token", func(t core.Transport) error {
			return wantToken(t, post(harness.Client(login(t, token), login(t, other))), other)
		}},
		{"beside others", "credentials of other kinds do not hide the token", func(t core.Transport) error {
			unrelated := http.Header{"Cookie": {"unrelated=x"}, "X-Unrelated": {other}}
			return wantToken(t, post(unrelated, harness.Client(login(t, token))),
				token)
		}},
		{"duplicate", "two credentials of the kind, equal or not, are *Error 400 DUPLICATE_CREDENTIALS", func(t core.Transport) error {
			one, two := harness.Client(login(t, token)), harness.Client(login(t, other))
			want := core.Refuse(core.CodeDuplicateCredentials)
			return errors.Join(wantError(t, post(one, two), want), wantError(t, post(one, one), want))
		}},
		{"malformed", "what cannot be a token is ErrInvalid, never a token, and is not decoded", func(t core.Transport) error {
			var errs []error
			for _, bad := range []string{`"` + token + `"`, token + "," + token, token + " x", token + "\x00", "é",
				strings.Repeat("a", 1<<20)} {
				errs = append(errs, wantError(t, post(replaced(harness.Client(login(t, token)), token, bad)), core.ErrInvalid))
			}
			return errors.Join(errs...)
		}},
	}
}

// answerCases returns the cases about responses and descriptions.
func answerCases(harness Harness) []Case {
	return []Case{
		{"login answer", "Attach sets a success status, and forbids caching", func(t core.Transport) error {
			resp := login(t, token)
			if resp.Status < 200 || resp.Status > 299 {
				return fmt.Errorf("the status is %d", resp.Status)
			}
			if resp.Body != nil && (resp.Type == "" || resp.Type == "application/json") && !json.Valid(resp.Body) {
				return fmt.Errorf("the body is %q, which is no JSON: set Type to its media type", resp.Body)
			}
			if !strings.Contains(resp.Header.Get("Cache-Control"), "no-store") {
				return fmt.Errorf("Cache-Control is %q", resp.Header.Get("Cache-Control"))
			}
			return nil
		}},
		{"leak", "the token is in one place of the response: its own header or the body, never in a URL", func(t core.Transport) error {
			return leaks(login(t, token))
		}},
		{"clear", "Clear sets neither status nor body", func(t core.Transport) error {
			resp := core.Empty(0)
			t.Clear(resp)
			if resp.Status != 0 || resp.Body != nil {
				return fmt.Errorf("status %d, body %q", resp.Status, resp.Body)
			}
			return nil
		}},
		{"login after clear", "Attach after Clear in one response leaves the client with the token", func(t core.Transport) error {
			resp := core.Empty(0)
			t.Clear(resp)
			t.Attach(resp, core.Token{Raw: token, Expires: time.Now().Add(time.Hour)})
			return wantToken(t, post(harness.Client(resp)), token)
		}},
		{"scheme", "Scheme is an OpenAPI 3.1 security scheme object", checkScheme},
		{"challenge", "a challenge is one line that begins with a scheme, whether or not there was a token", checkChallenge},
	}
}

func leaks(resp *core.Response) error {
	var places []string
	for name, lines := range resp.Header {
		if strings.Contains(strings.Join(lines, "\n"), token) {
			places = append(places, name)
		}
	}
	for _, name := range []string{"Location", "Content-Location", "Link", "Refresh"} {
		if slices.Contains(places, name) {
			return fmt.Errorf("%s contains the token", name)
		}
	}
	places = append(places, slices.Repeat([]string{"body"}, strings.Count(string(resp.Body), token))...)
	if len(places) != 1 {
		return fmt.Errorf("the token is in %d places: %q", len(places), places)
	}
	return nil
}

func checkScheme(t core.Transport) error {
	var scheme struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(t.Scheme(), &scheme); err != nil {
		return err
	}
	if !slices.Contains([]string{"apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"}, scheme.Type) {
		return fmt.Errorf("the type is %q", scheme.Type)
	}
	return nil
}

func checkChallenge(t core.Transport) error {
	c, ok := core.As[core.Challenger](t)
	if !ok {
		return nil
	}
	for _, presented := range []bool{false, true} {
		challenge := c.Challenge(presented)
		if challenge == "" || strings.TrimSpace(challenge) != challenge || strings.ContainsAny(challenge, "\r\n") {
			return fmt.Errorf("Challenge(%v) is %q", presented, challenge)
		}
	}
	return nil
}

// replaced returns a copy of header with new in place of old.
func replaced(header http.Header, old, new string) http.Header {
	for _, lines := range header {
		for i := range lines {
			lines[i] = strings.ReplaceAll(lines[i], old, new)
		}
	}
	return header
}

func wantToken(t core.Transport, h head, want string) error {
	got, err := t.Extract(h)
	switch {
	case got == want && err == nil:
		return nil
	case errors.Is(err, core.ErrNoCredential):
		return fmt.Errorf("Extract of %s finds no credential, want %q%s", h.method, want, hint)
	}
	return fmt.Errorf("Extract of %s returns %q, %v, want %q", h.method, got, err, want)
}

// hint is for authors of transports whose credential the default client does
// not know.
const hint = "\n(Does the client send it? Set Harness.Client where it is neither a cookie nor an access_token: " +
	"the default knows no other)"

func wantNone(t core.Transport, h head) error { return wantError(t, h, core.ErrNoCredential) }

func wantError(t core.Transport, h head, want error) error {
	got, err := t.Extract(h)
	switch {
	case got == "" && errors.Is(err, want):
		return nil
	case errors.Is(err, core.ErrNoCredential):
		return fmt.Errorf("Extract of %s finds no credential, want %v%s", h.method, want, hint)
	}
	return fmt.Errorf("Extract of %s returns %.80q, %v, want %v", h.method, got, err, want)
}
