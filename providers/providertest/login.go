package providertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func loginCases() []Case {
	return []Case{
		{"login", "a login returns the service's subject, address and tokens, and their expiry in whole UTC seconds", func(s *service) error {
			time.Sleep(300 * time.Millisecond) // off the full second
			who, tokens, err := s.login("1815")
			if err != nil {
				return err
			}
			if who.Subject != "1815" || who.Email != "ada@example.com" {
				return fmt.Errorf("it is %q with address %q", who.Subject, who.Email)
			}
			if tokens.Access != "canary-access-token-1815" || tokens.Refresh != "canary-refresh-token" {
				return errors.New("the tokens are not the service's")
			}
			if want := time.Now().Add(time.Hour).Truncate(time.Second); !tokens.Expires.Equal(want) ||
				tokens.Expires.Location() != time.UTC {
				return fmt.Errorf("Expires is %v, want %v", tokens.Expires, want)
			}
			return nil
		}},
		{"begin", "the authorization request has response_type, client_id, redirect_uri, state, scopes, S256 and, for OpenID Connect, nonce", checkBegin},
		{"name", "Name is of lower-case letters, digits, '-' and '_'", func(s *service) error {
			name := s.provider.Name()
			if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
				return fmt.Errorf("it is %q", name)
			}
			return nil
		}},
		{"no e-mail", "an account without an address has an empty one that is not verified", func(s *service) error {
			s.email = ""
			s.info = func(m map[string]any) { delete(m, "email") }
			who, _, err := s.login("1815")
			if err != nil {
				return err
			}
			if who.Subject != "1815" || who.Email != "" || who.Verified() {
				return fmt.Errorf("it is %q with address %q, verified %v", who.Subject, who.Email, who.Verified())
			}
			return nil
		}},
		{"O31 no expires_in", "Expires is zero if the service does not send it", func(s *service) error {
			s.tokenAnswer = func(m map[string]any) { delete(m, "expires_in") }
			_, tokens, err := s.login("1815")
			if err == nil && !tokens.Expires.IsZero() {
				err = fmt.Errorf("Expires is %v", tokens.Expires)
			}
			return err
		}},
		{"two callbacks", "the redirect URI of each login is sent to the token endpoint exactly as the login began with it", func(s *service) error {
			for i, uri := range []string{callback, callback + "/other?x=1"} {
				f, _, err := s.begin(s.provider, fmt.Sprint(i), uri)
				if err != nil {
					return err
				}
				if _, _, err := s.provider.Finish(context.Background(), f); err != nil {
					return fmt.Errorf("%s: %w", uri, err)
				}
			}
			return nil
		}},
		{"O13 stolen code", "a code is useless without its verifier; the error is plain and wraps core.ErrOAuthCodeRefused", func(s *service) error {
			if s.h.NoPKCE {
				return nil
			}
			f, _, err := s.begin(s.provider, "1815", callback)
			if err != nil {
				return err
			}
			f.Verifier = "canary-verifier-of-somebody-else-43-characters-"
			who, tokens, err := s.provider.Finish(context.Background(), f)
			if !errors.Is(err, core.ErrOAuthCodeRefused) {
				return fmt.Errorf("the error is %w, want core.ErrOAuthCodeRefused", err)
			}
			return s.wantPlain(who, tokens, err)
		}},
		{"stateless", "a login that began at one node finishes at another", func(s *service) error {
			f, _, err := s.begin(s.provider, "1815", callback)
			if err != nil {
				return err
			}
			other, err := s.newProvider()
			if err != nil {
				return err
			}
			who, _, err := other.Finish(context.Background(), f)
			if err == nil && who.Subject != "1815" {
				err = fmt.Errorf("it is %q", who.Subject)
			}
			return err
		}},
		{"O41 concurrent logins", "logins at the same time never mix users", checkConcurrent},
		{"cancelled", "a context that is done ends the call", func(s *service) error {
			f, _, err := s.begin(s.provider, "1815", callback)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithCancel(context.Background())
			s.faulty, s.fault = token, func(_ http.ResponseWriter, r *http.Request, _ []byte) { cancel(); <-r.Context().Done() }
			start := time.Now()
			if _, _, err := s.provider.Finish(ctx, f); err == nil || time.Since(start) > 0 {
				return fmt.Errorf("after %v it returns %v", time.Since(start), err)
			}
			return nil
		}},
	}
}

// unverifiedCase is for OAuth 2.0; OpenID Connect has flagCases.
func unverifiedCase() Case {
	return Case{"O22 unverified e-mail", "an address counts as verified only if the service says so of it", func(s *service) error {
		s.verified = false
		who, _, err := s.login("1815")
		if err == nil && who.Verified() {
			err = fmt.Errorf("%q counts as verified", who.Email)
		}
		return err
	}}
}

func checkBegin(s *service) error {
	_, asked, err := s.begin(s.provider, "1815", callback)
	if err != nil {
		return err
	}
	var errs []error
	want := func(name, value string) {
		if got := asked[name]; len(got) != 1 || got[0] != value {
			errs = append(errs, fmt.Errorf("%s is %q, want %q once", name, got, value))
		}
	}
	want("response_type", "code")
	want("client_id", clientID)
	want("redirect_uri", callback)
	want("state", "state-of-1815")
	if !s.h.NoPKCE {
		want("code_challenge_method", "S256")
	}
	scopes := strings.FieldsFunc(asked.Get("scope"), func(r rune) bool { return r == ' ' || r == ',' })
	if s.h.OpenID {
		want("nonce", "nonce-of-1815")
		if !slices.Contains(scopes, "openid") {
			errs = append(errs, errors.New("scope lacks openid"))
		}
	}
	if !slices.Contains(scopes, "extra") {
		errs = append(errs, errors.New("scope lacks that of Begin"))
	}
	if asked.Has("client_secret") || asked.Has("code_verifier") {
		errs = append(errs, errors.New("a secret is in the URL"))
	}
	return errors.Join(errs...)
}

// checkConcurrent begins all logins before it finishes any.
func checkConcurrent(s *service) error {
	const users = 32
	var begun [users]core.OAuthFinish
	for i := range begun {
		var err error
		if begun[i], _, err = s.begin(s.provider, fmt.Sprint("user-", i), callback); err != nil {
			return err
		}
	}
	var errs [users]error
	var group sync.WaitGroup
	for i, f := range begun {
		group.Go(func() {
			who, tokens, err := s.provider.Finish(context.Background(), f)
			if want := fmt.Sprint("user-", i); err == nil &&
				(who.Subject != want || tokens.Access != "canary-access-token-"+want) {
				err = fmt.Errorf("%s became %s", want, who.Subject)
			}
			errs[i] = err
		})
	}
	group.Wait()
	return errors.Join(errs[:]...)
}

// wantPlain requires an error that is neither an *Error nor a timeout, and
// contains no secret.
func (s *service) wantPlain(who core.OAuthIdentity, tokens core.OAuthTokens, err error) error {
	if err := wantNothing(who, tokens, err); err != nil {
		return err
	}
	if answer := (*core.Error)(nil); errors.As(err, &answer) {
		return fmt.Errorf("the error is the answer %v, want a plain one", answer)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the error is a timeout: %w", err)
	}
	return nil
}

// wantNothing requires an error without results.
func wantNothing(who core.OAuthIdentity, tokens core.OAuthTokens, err error) error {
	switch {
	case err == nil:
		return errors.New("it counts as a login")
	case who.Subject != "" || who.Email != "" || tokens != core.OAuthTokens{}:
		return errors.New("there are results besides the error")
	}
	return wantDiscreet(err)
}

// wantDiscreet requires an error without secrets and without URLs that have a
// query.
func wantDiscreet(err error) error {
	if text := err.Error(); strings.Contains(text, "canary") || strings.Contains(text, "?") {
		return errors.New("the error contains a secret, or a URL with a query")
	}
	return nil
}
