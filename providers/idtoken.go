package providers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/outbound"
)

// leeway is how far an issuer's clock may be ahead.
const leeway = 5 * time.Minute

// verifier checks an OpenID provider's responses (OpenID Connect Core, section
// 3.1.3.7).
type verifier struct {
	service
	algorithms  []string
	keys        oidc.KeySet
	issRequired bool
}

// checkIss compares the issuer of a callback with the one that the login began
// with, against mix-up attacks (RFC 9207, section 2.4).
func (v *verifier) checkIss(iss []string) error {
	if len(iss) == 0 && !v.issRequired {
		return nil
	}
	if len(iss) != 1 || !v.isIssuer(iss[0]) {
		return core.Refuse(core.CodeOAuthInvalidState)
	}
	return nil
}

// claims returns the claims of the ID token that came with token, if every
// check of it passes.
func (v *verifier) claims(ctx context.Context, token *oauth2.Token, nonce string) (map[string]any, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, errors.New("the token endpoint: the response has no id_token")
	}
	checked, claims, err := v.verify(ctx, raw, false)
	if err != nil {
		return nil, fmt.Errorf("the ID token: %w", err)
	}
	if claims["nonce"] != nonce {
		return nil, core.Refuse(core.CodeOAuthInvalidState)
	}
	if checked.AccessTokenHash != "" {
		if checked.VerifyAccessToken(token.AccessToken) != nil {
			return nil, errors.New("the ID token: at_hash belongs to another access token")
		}
	}
	return claims, nil
}

// verify checks signature, issuer, audience and, for an ID token, times. Its
// errors may quote claims, but no token.
func (v *verifier) verify(ctx context.Context, raw string, userInfo bool) (*oidc.IDToken, map[string]any, error) {
	checked, err := oidc.NewVerifier(v.issuer, v.keys, &oidc.Config{
		ClientID: v.clientID, SupportedSigningAlgs: v.algorithms, SkipIssuerCheck: v.manyTenants(), SkipExpiryCheck: userInfo,
		Now: v.now,
	}).Verify(ctx, raw)
	if err != nil {
		return nil, nil, errors.New(brief(err.Error()))
	}
	var payload json.RawMessage
	if err := checked.Claims(&payload); err != nil {
		return nil, nil, err
	}
	claims, err := outbound.ParseObject(payload) // exact names, no duplicates
	switch {
	case err != nil:
		return nil, nil, err
	case claims["sub"] != checked.Subject || checked.Subject == "":
		return nil, nil, errors.New("sub is missing")
	case !v.isIssuer(checked.Issuer) && !googles(v.issuer, checked.Issuer):
		return nil, nil, errors.New("iss is another issuer")
	case v.manyTenants() && strings.Replace(v.issuer, tenantID, fmt.Sprint(claims["tid"]), 1) != checked.Issuer:
		return nil, nil, errors.New("iss and tid differ")
	case !v.isParty(checked, claims["azp"]):
		return nil, nil, errors.New("azp is another client")
	case !userInfo && (checked.IssuedAt.Unix() <= 0 || checked.IssuedAt.After(v.now().Add(leeway))):
		return nil, nil, errors.New("iat is missing or in the future")
	}
	return checked, claims, nil
}

// isParty checks azp, which is required if there are several audiences, and
// must be ours if present.
func (v *verifier) isParty(checked *oidc.IDToken, azp any) bool {
	if azp == nil {
		return len(checked.Audience) == 1
	}
	return azp == v.clientID
}

// tenantID stands for a tenant in the issuer of metadata that all tenants
// share, as Microsoft's do.
const tenantID = "{tenantid}"

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (s service) manyTenants() bool { return strings.Contains(s.issuer, tenantID) }

func (v *verifier) isIssuer(iss string) bool {
	if !v.manyTenants() {
		return iss == v.issuer
	}
	before, after, _ := strings.Cut(v.issuer, tenantID)
	rest, hasBefore := strings.CutPrefix(iss, before)
	tenant, hasAfter := strings.CutSuffix(rest, after)
	return hasBefore && hasAfter && guid.MatchString(tenant)
}

// googles reports whether iss is the one other spelling of an issuer that
// go-oidc accepts.
func googles(issuer, iss string) bool {
	return issuer == "https://accounts.google.com" && iss == "accounts.google.com"
}

// addUserInfo adds those claims of the userinfo endpoint that the ID token
// lacks. Its sub must be the token's (OpenID Connect Core, section 5.3.2).
// email and email_verified come from the same source.
func (p *Provider) addUserInfo(ctx context.Context, m *metadata, access string, claims map[string]any) error {
	body, header, err := p.fetch(ctx, m.profile, access)
	if withheld(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	var info map[string]any
	if isJWT(header) {
		_, info, err = m.oidc.verify(ctx, string(body), true)
	} else {
		info, err = outbound.ParseObject(body)
	}
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	if sub, ok := info["sub"].(string); !ok {
		return errors.New("userinfo: sub is missing")
	} else if sub != claims["sub"] {
		return core.Refuse(core.CodeOAuthInvalidState)
	}
	delete(claims, "email_verified")
	for name, value := range info {
		if claims[name] == nil {
			claims[name] = value
		}
	}
	return nil
}

var urls = regexp.MustCompile(`https?://[^\s"]+`)

// brief shortens a foreign error and removes URLs from it.
func brief(s string) string {
	s = urls.ReplaceAllString(s, "a URL")
	if r := []rune(s); len(r) > 200 {
		s = string(slices.Concat(r[:200], []rune("…")))
	}
	return s
}
