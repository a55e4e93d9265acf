package providertest

import (
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// tokenCases returns the cases about ID tokens and userinfo. Where they match
// the OpenID Foundation's tests for relying parties, they have their names.
func tokenCases() []Case {
	cases := []Case{
		badClaims("nonce-invalid", true, func(c map[string]any) { c["nonce"] = "nonce-of-another" }),
		badClaims("nonce missing", true, func(c map[string]any) { delete(c, "nonce") }),
		badClaims("nonce empty", true, func(c map[string]any) { c["nonce"] = "" }),
		badClaims("nonce of another type", false, func(c map[string]any) { c["nonce"] = []string{"nonce-of-1815"} }),
		badClaims("invalid-iss", false, func(c map[string]any) { c["iss"] = "https://evil.example" }),
		badClaims("iss missing", false, func(c map[string]any) { delete(c, "iss") }),
		badClaims("missing-sub", false, func(c map[string]any) { delete(c, "sub") }),
		badClaims("sub empty", false, func(c map[string]any) { c["sub"] = "" }),
		badClaims("sub in other letters", false, func(c map[string]any) { c["SUB"] = c["sub"]; delete(c, "sub") }),
		badClaims("missing-aud", false, func(c map[string]any) { delete(c, "aud") }),
		badClaims("invalid-aud", false, func(c map[string]any) { c["aud"] = "another-client" }),
		badClaims("J14 aud empty", false, func(c map[string]any) { c["aud"] = []string{} }),
		badClaims("J14 aud of several without azp", false,
			func(c map[string]any) { c["aud"] = []string{clientID, "another-client"} }),
		badClaims("azp of another client", false, func(c map[string]any) { c["azp"] = "another-client" }),
		badClaims("exp in the past", false, func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }),
		badClaims("exp missing", false, func(c map[string]any) { delete(c, "exp") }),
		badClaims("missing-iat", false, func(c map[string]any) { delete(c, "iat") }),
		badClaims("J13 iat in the future", false, func(c map[string]any) { c["iat"] = time.Now().Add(time.Hour).Unix() }),
		badClaims("J13 nbf in the future", false, func(c map[string]any) { c["nbf"] = time.Now().Add(time.Hour).Unix() }),
		badClaims("at_hash of another token", false, func(c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }),
		goodClaims("aud of several with azp",
			func(c map[string]any) { c["aud"], c["azp"] = []string{clientID, "another-client"}, clientID }),
		goodClaims("aud as a list of one", func(c map[string]any) { c["aud"] = []string{clientID} }),
		goodClaims("unknown claims", func(c map[string]any) { c["acr"], c["groups"] = "x", []string{"a"} }),

		badToken("O17 id_token missing", func(*service, map[string]any) string { return "" }),
		badToken("O17 idtoken-sig-none", func(_ *service, c map[string]any) string { return unsigned(c) }),
		badToken("O17 HS256 by the client's secret",
			func(_ *service, c map[string]any) string { return signHMAC([]byte(clientSecret), c) }),
		badToken("J02 HS256 by the public key",
			func(s *service, c map[string]any) string { return signHMAC(encode(keySetOf(s.keys)), c) }),
		badToken("O17 HS256 by a key of the set", func(s *service, c map[string]any) string {
			s.shared = []byte("a secret of 32 bytes or even more")
			return signHMAC(s.shared, c)
		}),
		badToken("invalid-sig-es256", func(s *service, c map[string]any) string {
			return NewSigner("one").Sign(c)
		}),
		badToken("J05 a key of its own", func(_ *service, c map[string]any) string {
			k := NewSigner("evil")
			jwk := keySetOf([]*Signer{k})["keys"].([]any)[0]
			return k.sign(map[string]any{"alg": "ES256", "kid": "evil", "jwk": jwk, "jku": "https://evil.example/jwks"}, c)
		}),
		badToken("J07 crit", func(s *service, c map[string]any) string {
			return s.keys[0].sign(map[string]any{"alg": "ES256", "kid": "one", "crit": []string{"x"}, "x": 1}, c)
		}),
		badToken("J11 a claim twice", func(s *service, c map[string]any) string {
			return s.keys[0].signText(`{"alg":"ES256","kid":"one"}`, twice(c))
		}),
		{"kid-absent-single-jwks", "a token without a key's ID is verified by the keys there are", func(s *service) error {
			s.idToken = func(c map[string]any) string { return s.keys[0].sign(map[string]any{"alg": "ES256"}, c) }
			_, _, err := s.login("1815")
			return err
		}},
	}
	return append(cases, flagCases()...)
}

// flagCases returns the cases about whether an address is verified.
func flagCases() []Case {
	cases := []Case{{"O22 email_verified true", "the boolean true is true", flag(true, true)}}
	for name, value := range map[string]any{
		"false": false, "a string true": "true", "1": 1, "a string false": "false", "null": nil, "a list": []any{true},
	} {
		cases = append(cases, Case{"O22 email_verified " + name, "only the boolean true is true", flag(value, false)})
	}
	return append(cases, Case{"O22 email_verified missing", "a missing flag is not true", func(s *service) error {
		s.info = func(m map[string]any) { delete(m, "email_verified") }
		return s.wantVerified(false)
	}}, Case{"O22 flag and address from two places", "the flag of the ID token says nothing about the address of userinfo",
		func(s *service) error {
			s.claims = func(c map[string]any) { c["email_verified"] = true }
			s.info = func(m map[string]any) { delete(m, "email_verified") }
			return s.wantVerified(false)
		}})
}

// flag returns a check of one value in the ID token and in userinfo.
func flag(value any, want bool) func(*service) error {
	return func(s *service) error {
		s.info = func(m map[string]any) { m["email_verified"] = value }
		if err := s.wantVerified(want); err != nil {
			return fmt.Errorf("userinfo: %w", err)
		}
		s.claims = func(c map[string]any) { c["email"], c["email_verified"] = "ada@example.com", value }
		if err := s.wantVerified(want); err != nil {
			return fmt.Errorf("ID token: %w", err)
		}
		return nil
	}
}

func (s *service) wantVerified(want bool) error {
	who, _, err := s.login("1815")
	if err == nil && (who.Email != "ada@example.com" || who.Verified() != want) {
		err = fmt.Errorf("the address is %q, verified %v", who.Email, who.Verified())
	}
	return err
}

// badClaims returns a case in which claims must be refused: with 400
// OAUTH_INVALID_STATE, or with a plain error.
func badClaims(name string, refusal bool, change func(map[string]any)) Case {
	return Case{name, "an ID token is trusted only if every check of it passes (OpenID Connect Core, section 3.1.3.7)",
		func(s *service) error {
			s.claims = change
			who, tokens, err := s.login("1815")
			if refusal {
				return wantRefusal(who, tokens, err)
			}
			return s.wantPlain(who, tokens, err)
		}}
}

func goodClaims(name string, change func(map[string]any)) Case {
	return Case{name, "a valid ID token is accepted", func(s *service) error {
		s.claims = change
		_, _, err := s.login("1815")
		return err
	}}
}

func badToken(name string, make func(*service, map[string]any) string) Case {
	return Case{name, "an ID token counts only with the signature of one of the issuer's keys, by an asymmetric algorithm",
		func(s *service) error {
			s.idToken = func(c map[string]any) string { return make(s, c) }
			return s.wantPlain(s.login("1815"))
		}}
}

func wantRefusal(who core.OAuthIdentity, tokens core.OAuthTokens, err error) error {
	if fault := wantNothing(who, tokens, err); fault != nil {
		return fault
	}
	return wantInvalidState(err)
}
