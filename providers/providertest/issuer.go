package providertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// issuerCases returns the cases about discovery, keys, iss and userinfo.
func issuerCases() []Case {
	return []Case{
		{"O16 issuer mismatch", "metadata of another issuer is refused", func(s *service) error {
			s.metadata = func(m map[string]any) { m["issuer"] = "https://evil.example" }
			return s.wantPlain(s.login("1815"))
		}},
		{"O16 endpoint without TLS", "an endpoint that is not https is refused", func(s *service) error {
			var errs []error
			for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"} {
				s.metadata = func(m map[string]any) { m[name] = "http://idp.example/x" }
				if err := s.wantPlain(s.login("1815")); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", name, err))
				}
			}
			return errors.Join(errs...)
		}},
		{"O17 no asymmetric algorithm", "an issuer that signs with HMAC or not at all is refused", func(s *service) error {
			s.metadata = func(m map[string]any) { m["id_token_signing_alg_values_supported"] = []string{"HS256", "none"} }
			return s.wantPlain(s.login("1815"))
		}},
		{"discovery is tried again", "a failed discovery is tried again at the next login, and a successful one is kept", func(s *service) error {
			s.faulty, s.fault = discovery, text(503, "", "")
			if _, _, err := s.login("1815"); err == nil {
				return errors.New("a login without discovery")
			}
			s.faulty = ""
			for range 3 {
				if _, _, err := s.login("1815"); err != nil {
					return err
				}
			}
			if n := s.times(discovery); n != 2 {
				return fmt.Errorf("discovery was called %d times, want 2", n)
			}
			return nil
		}},
		{"discovery fails for all", "logins that wait for a discovery that fails make no calls of their own", func(s *service) error {
			s.faulty, s.fault = discovery, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				time.Sleep(time.Second)
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			err := atOnce(func(subject string) error {
				if _, _, err := s.login(subject); err == nil {
					return errors.New("a login without discovery")
				}
				return nil
			})
			if n := s.times(discovery); n != 1 {
				return fmt.Errorf("discovery was called %d times, want once", n)
			}
			return err
		}},
		{"keys are tried again", "keys that could not be fetched at first are fetched at the next login", func(s *service) error {
			s.faulty, s.fault = keySet, text(503, "", "")
			if err := s.wantPlain(s.login("1815")); err != nil {
				return err
			}
			s.faulty = ""
			_, _, err := s.login("1815")
			return err
		}},
		{"discovery in use", "metadata is renewed in time, and the old one is used while the issuer cannot be reached", func(s *service) error {
			if _, _, err := s.login("1815"); err != nil {
				return err
			}
			s.faulty, s.fault = discovery, silent
			time.Sleep(48 * time.Hour)
			start := time.Now()
			if _, _, err := s.login("1815"); err != nil {
				return err
			}
			if took := time.Since(start); took >= limitTime {
				return fmt.Errorf("the login took %v", took)
			}
			if n := s.times(discovery); n < 2 {
				return errors.New("metadata is never renewed")
			}
			return nil
		}},
		{
			"O17 key rotation",
			"a new key is fetched once for all logins when a token is signed by it; a removed one no longer verifies", checkRotation,
		},
		{
			"O17 key rotation, given up",
			"a login that is cancelled while it fetches a new key does not keep others from it", checkGivenUp,
		},
		{
			"O17 unknown kid",
			"tokens of unknown keys make at most one call for keys a minute, however many come at once", checkUnknownKeys,
		},
		{"O10 iss", "iss of the callback must be the issuer (RFC 9207)", checkIss},
		{"O19 userinfo-invalid-sub", "userinfo of another subject is 400 OAUTH_INVALID_STATE", func(s *service) error {
			s.info = func(m map[string]any) { m["sub"] = "another" }
			return wantRefusal(s.login("1815"))
		}},
		{"O19 userinfo without sub", "userinfo without a subject is an error", func(s *service) error {
			s.info = func(m map[string]any) { delete(m, "sub") }
			return s.wantPlain(s.login("1815"))
		}},
	}
}

func checkRotation(s *service) error {
	if _, _, err := s.login("1815"); err != nil {
		return err
	}
	synctest.Wait() // a provider may use the keys of a fetch a moment before it stores them
	old, before := s.keys[0], s.times(keySet)
	s.keys = []*Signer{NewSigner("two")}
	if err := atOnce(func(subject string) error { _, _, err := s.login(subject); return err }); err != nil {
		return fmt.Errorf("by the new key: %w", err)
	}
	if n := s.times(keySet) - before; n != 1 {
		return fmt.Errorf("keys were fetched %d times, want once", n)
	}
	s.keys = []*Signer{NewSigner("three")}
	if _, _, err := s.login("1815"); err != nil {
		return fmt.Errorf("by the next key, at once: %w", err)
	}
	s.idToken = func(c map[string]any) string { return old.Sign(c) }
	return s.wantPlain(s.login("1815"))
}

// checkGivenUp cancels a request while it fetches the keys.
func checkGivenUp(s *service) error {
	if _, _, err := s.login("1815"); err != nil {
		return err
	}
	synctest.Wait() // as above
	s.keys = []*Signer{NewSigner("two")}
	f, _, err := s.begin(s.provider, "1815", callback)
	if err != nil {
		return err
	}
	s.faulty, s.fault = keySet, silent
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Second, cancel)
	if _, _, err := s.provider.Finish(ctx, f); err == nil {
		return errors.New("a login without a key")
	}
	time.Sleep(limitTime) // the provider may fetch it within a time limit of its own
	synctest.Wait()
	s.faulty = ""
	_, _, err = s.login("1815")
	return err
}

// atOnce joins the errors of do for 20 users at the same time.
func atOnce(do func(subject string) error) error {
	errs := make([]error, 20)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = do(fmt.Sprint("at-once-", i)) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func checkUnknownKeys(s *service) error {
	if _, _, err := s.login("1815"); err != nil {
		return err
	}
	synctest.Wait() // as above
	before, stranger := s.times(keySet), NewSigner("unknown")
	s.idToken = func(c map[string]any) string { return stranger.Sign(c) }
	for minute := range 3 {
		refused := func(subject string) error { return s.wantPlain(s.login(subject)) }
		if err := errors.Join(atOnce(refused), refused("1815")); err != nil {
			return err
		}
		if n := s.times(keySet) - before; n != minute+1 {
			return fmt.Errorf("after %d minutes keys were fetched %d times, want once a minute", minute, n)
		}
		time.Sleep(time.Minute)
	}
	s.idToken = nil
	s.keys = []*Signer{NewSigner("two")}
	if _, _, err := s.login("1815"); err != nil {
		return fmt.Errorf("by a new key, a minute later: %w", err)
	}
	return nil
}

func checkIss(s *service) error {
	finish := func(iss ...string) error {
		f, _, err := s.begin(s.provider, "1815", callback)
		if err != nil {
			return err
		}
		if iss != nil {
			f.Form["iss"] = iss
		}
		_, _, err = s.provider.Finish(context.Background(), f)
		return err
	}
	if err := errors.Join(finish(), finish(issuer)); err != nil {
		return fmt.Errorf("the right one, or none: %w", err)
	}
	for _, wrong := range [][]string{{"https://evil.example"}, {issuer + "/"}, {""}, {issuer, issuer},
		{issuer, "https://evil.example"}} {
		before := s.times(token)
		if err := wantInvalidState(finish(wrong...)); err != nil {
			return fmt.Errorf("%q: %w", wrong, err)
		}
		if s.times(token) != before {
			return fmt.Errorf("%q: the code was sent", wrong)
		}
	}
	s.metadata = func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = true }
	var err error
	if s.provider, err = s.newProvider(); err != nil {
		return err
	}
	if err := finish(issuer); err != nil {
		return fmt.Errorf("the right one where it is required: %w", err)
	}
	return wantInvalidState(finish())
}

func wantInvalidState(err error) error {
	if !errors.Is(err, core.Refuse(core.CodeOAuthInvalidState)) {
		return fmt.Errorf("the error is %v, want 400 %s", err, core.CodeOAuthInvalidState)
	}
	return wantDiscreet(err)
}
