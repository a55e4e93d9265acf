package transporttest_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/transporttest"
)

// failing returns the names of the cases that t fails.
func failing(t core.Transport, f transporttest.Harness) (names []string) {
	for _, c := range transporttest.Cases(f) {
		if c.Check(t) != nil {
			names = append(names, c.Name)
		}
	}
	return names
}

func TestGoodTransports(t *testing.T) {
	transporttest.Run(t, transporttest.Harness{New: func(*testing.T) core.Transport { return explicit() }})
	transporttest.Run(t, transporttest.Harness{
		New: func(*testing.T) core.Transport { return challenging{explicit(), "Bearer"} },
	})
	transporttest.Run(t, transporttest.Harness{New: func(*testing.T) core.Transport { return ambient() }, Ambient: true})
}

// A transport that uses a header of its own needs its own Client.
func TestClientOfItsOwn(t *testing.T) {
	newTransport := func(*testing.T) core.Transport {
		f := explicit()
		f.attach = func(resp *core.Response, tok core.Token) {
			answer(resp, nil)
			resp.Header.Set("X-Key", tok.Raw)
		}
		f.extract = func(h core.Head) (string, error) {
			lines := h.Lines("X-Key")
			if len(lines) == 0 {
				return "", core.ErrNoCredential
			}
			if len(lines) > 1 {
				return "", core.Refuse(core.CodeDuplicateCredentials)
			}
			if strings.Trim(lines[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") != "" ||
				len(lines[0]) > 8<<10 {
				return "", core.ErrInvalid
			}
			return lines[0], nil
		}
		return f
	}
	transporttest.Run(t, transporttest.Harness{New: newTransport, Client: func(responses ...*core.Response) http.Header {
		return http.Header{"X-Key": {responses[len(responses)-1].Header.Get("X-Key")}}
	}})
}

func TestBrokenTransports(t *testing.T) {
	changed := func(f *fake, change func(f *fake)) core.Transport {
		change(f)
		return f
	}
	// firstLine reads one line of a header, whatever else is there.
	firstLine := func(h core.Head) string {
		for _, line := range h.Lines("Authorization") {
			return line
		}
		return ""
	}
	for _, c := range []struct {
		name      string
		transport core.Transport
		ambient   bool
		fails     []string
	}{
		{"invents a token", changed(explicit(), func(f *fake) {
			f.extract = func(h core.Head) (string, error) {
				token, err := core.BearerToken(h)
				if errors.Is(err, core.ErrNoCredential) {
					return "anonymous", nil
				}
				return token, err
			}
		}), false, []string{"absent", "foreign"}},
		{"reads every scheme", changed(explicit(), func(f *fake) {
			f.extract = func(h core.Head) (string, error) {
				if token, ok := strings.CutPrefix(firstLine(h), "Negotiate "); ok {
					return token, nil
				}
				return core.BearerToken(h)
			}
		}), false, []string{"foreign"}},
		{"changes the token", changed(explicit(), func(f *fake) {
			f.attach = func(resp *core.Response, tok core.Token) {
				answer(resp, []byte(`{"access_token":"`+strings.ToLower(tok.Raw)+`"}`))
			}
		}), false, []string{"round trip", "beside others", "malformed", "leak", "login after clear", "any origin"}},
		{"takes the first of two", changed(explicit(), func(f *fake) {
			f.extract = func(h core.Head) (string, error) {
				return core.BearerToken(oneLine{h})
			}
		}), false, []string{"duplicate"}},
		{"reads the first Cookie line alone", changed(ambient(), func(f *fake) {
			extract := f.extract
			f.extract = func(h core.Head) (string, error) { return extract(oneLine{h}) }
		}), true, []string{"beside others", "duplicate", "forget two"}},
		{"refuses two cookies for good", changed(ambient(), func(f *fake) {
			f.extract = func(h core.Head) (string, error) {
				token, err := core.CookieValue(h, "s")
				if err == nil && f.protect(h) != nil {
					return "", f.protect(h)
				}
				return token, err
			}
		}), true, []string{"forget two"}},
		{"takes anything for a token", changed(explicit(), func(f *fake) {
			f.extract = func(h core.Head) (string, error) {
				token, err := core.BearerToken(h)
				if errors.Is(err, core.ErrInvalid) {
					return strings.TrimPrefix(firstLine(h), "Bearer "), nil
				}
				return token, err
			}
		}), false, []string{"malformed"}},
		{"keeps the first login", changed(ambient(), func(f *fake) {
			f.attach = func(resp *core.Response, tok core.Token) {
				answer(resp, nil)
				resp.Header.Set("Set-Cookie", "s="+tok.Raw+"; Path=/"+tok.Raw[:1])
			}
		}), true, []string{"new token", "forget", "forget two"}},
		{"answers without a status", changed(explicit(), func(f *fake) {
			f.attach = func(resp *core.Response, tok core.Token) {
				resp.Body = []byte(`{"access_token":"` + tok.Raw + `"}`)
				resp.Header.Set("Cache-Control", "no-store")
			}
		}), false, []string{"login answer"}},
		{"allows caching", changed(explicit(), func(f *fake) {
			f.attach = func(resp *core.Response, tok core.Token) {
				resp.Status, resp.Body = http.StatusOK, []byte(`{"access_token":"`+tok.Raw+`"}`)
			}
		}), false, []string{"login answer"}},
		{"redirects with the token", changed(explicit(), func(f *fake) {
			attach := f.attach
			f.attach = func(resp *core.Response, tok core.Token) {
				attach(resp, tok)
				resp.Header.Set("Location", "/?token="+tok.Raw)
			}
		}), false, []string{"leak"}},
		{"repeats the token", changed(ambient(), func(f *fake) {
			attach := f.attach
			f.attach = func(resp *core.Response, tok core.Token) {
				attach(resp, tok)
				resp.Body = []byte(`{"token":"` + tok.Raw + `"}`)
			}
		}), true, []string{"leak"}},
		{"clears with a status", changed(explicit(), func(f *fake) {
			f.clear = func(resp *core.Response) { resp.Status = http.StatusNoContent }
		}), false, []string{"clear"}},
		{"clears with another path", changed(ambient(), func(f *fake) {
			f.clear = func(resp *core.Response) { resp.Header.Add("Set-Cookie", "s=; Path=/auth; Max-Age=0") }
		}), true, []string{"forget", "forget two"}},
		{"clears nothing", changed(ambient(), func(f *fake) {
			f.clear = func(*core.Response) {}
		}), true, []string{"forget", "forget two"}},
		{"cannot log in after clearing", changed(ambient(), func(f *fake) {
			attach := f.attach
			f.attach = func(resp *core.Response, tok core.Token) {
				cleared := resp.Header.Get("Set-Cookie")
				attach(resp, tok)
				if cleared != "" {
					resp.Header.Add("Set-Cookie", cleared)
				}
			}
		}), true, []string{"login after clear"}},
		{"has no scheme", changed(explicit(), func(f *fake) { f.scheme = `{}` }), false, []string{"scheme"}},
		{"has a broken scheme", changed(explicit(), func(f *fake) { f.scheme = `{` }), false, []string{"scheme"}},
		{"challenges with nothing", challenging{explicit(), ""}, false, []string{"challenge"}},
		{"challenges in two lines", challenging{explicit(), "Bearer\r\nX: y"}, false, []string{"challenge"}},
		{"refuses other origins a bearer token", changed(explicit(), func(f *fake) {
			f.protect = ambient().protect
		}), false, []string{"any origin"}},
		{"does not look at the origin", changed(ambient(), func(f *fake) {
			f.protect = func(core.Head) error { return nil }
		}), true, []string{"cross-origin", "protect"}},
		{"looks at Sec-Fetch-Site alone", changed(ambient(), func(f *fake) {
			protect := f.protect
			f.protect = func(h core.Head) error {
				if core.Line(h, "Sec-Fetch-Site") == "" {
					return nil
				}
				return protect(h)
			}
		}), true, []string{"cross-origin", "protect"}},
		{"looks at the origin before the cookie", changed(ambient(), func(f *fake) {
			extract := f.extract
			f.extract = func(h core.Head) (string, error) {
				if err := f.protect(h); err != nil {
					return "", err
				}
				return extract(h)
			}
		}), true, []string{"cross-origin, nothing to protect"}},
		{"refuses safe methods", changed(ambient(), func(f *fake) {
			protect := f.protect
			f.protect = func(h core.Head) error { return protect(unsafe{h}) }
		}), true, []string{"safe methods"}},
		{"asks for Sec-Fetch-Site", changed(ambient(), func(f *fake) {
			protect := f.protect
			f.protect = func(h core.Head) error {
				if !core.IsSafeMethod(h.Method()) && core.Line(h, "Sec-Fetch-Site") == "" {
					return &core.Error{Code: core.CodeCrossOriginRefused, Status: http.StatusForbidden}
				}
				return protect(h)
			}
		}), true, []string{"round trip", "new token", "beside others", "login after clear", "same origin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := failing(c.transport, transporttest.Harness{Ambient: c.ambient})
			if !slices.Equal(got, c.fails) {
				t.Errorf("fails %q, want %q", got, c.fails)
			}
		})
	}
}

func TestCasesAreNamed(t *testing.T) {
	for _, f := range []transporttest.Harness{{}, {Ambient: true}} {
		seen := map[string]bool{}
		for _, c := range transporttest.Cases(f) {
			if c.Name == "" || c.Rule == "" || seen[c.Name] {
				t.Errorf("a case without a name of its own or without a rule: %+v", c)
			}
			seen[c.Name] = true
		}
	}
}

// TestFindings31HeaderWithoutClient: the default client does not send a header
// of the transport's own, and the failures say so.
func TestFindings31HeaderWithoutClient(t *testing.T) {
	own := func() *fake {
		f := explicit()
		f.attach = func(resp *core.Response, tok core.Token) {
			answer(resp, nil)
			resp.Header.Set("X-Key", tok.Raw)
		}
		f.extract = func(h core.Head) (string, error) {
			return core.BearerToken(renamed{h})
		}
		return f
	}
	hints := 0
	for _, c := range transporttest.Cases(transporttest.Harness{}) {
		if err := c.Check(own()); err != nil {
			if !strings.Contains(err.Error(), "Harness.Client") {
				t.Errorf("%s: %v", c.Name, err)
			}
			hints++
		}
	}
	if hints < 5 {
		t.Errorf("only %d cases fail", hints)
	}
}

// renamed is a head whose X-Key is read as an Authorization line.
type renamed struct{ core.Head }

func (r renamed) Lines(string) []string { return r.Head.Lines("X-Key") }
