package providers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// emailList describes a second call, for a profile that has no email address or
// does not say whether it is verified.
type emailList struct {
	url      string
	list     string // path of the list; "" means the whole response
	email    string // members of an entry
	primary  string
	verified string
}

func (p *Provider) readProfile(ctx context.Context, from, access string) (map[string]any, error) {
	body, _, err := p.fetch(ctx, from, access)
	if err != nil {
		return nil, fmt.Errorf("the profile: %w", err)
	}
	profile, err := outbound.ParseObject(body)
	if err != nil {
		return nil, fmt.Errorf("the profile: %w", err)
	}
	if p.emails == nil {
		return profile, nil
	}
	delete(profile, "email") // which may be anybody's
	delete(profile, "email_verified")
	if body, _, err = p.fetch(ctx, p.emails.url, access); err == nil {
		err = p.emails.add(body, profile)
	}
	if err != nil && !withheld(err) {
		return nil, fmt.Errorf("the email addresses: %w", err)
	}
	return profile, nil
}

// withheld reports whether a service does not say what only a new account
// needs: it refuses (a permission is missing), or answers with a page for
// people, or with no list. A service that fails may say it the next time.
func withheld(err error) bool {
	var answer statusError
	if errors.As(err, &answer) {
		return answer.status >= 400 && answer.status < 500
	}
	return errors.Is(err, errPage) || errors.Is(err, errNoList)
}

var errNoList = errors.New("the response has no list")

// add sets email and email_verified of a profile to those of the primary
// address.
func (l *emailList) add(body []byte, profile map[string]any) error {
	answer, err := outbound.ParseJSON(body)
	if err != nil {
		return err
	}
	if l.list != "" {
		answer = at(answer, l.list)
	}
	entries, ok := answer.([]any)
	if !ok {
		return errNoList
	}
	for _, entry := range entries {
		if at(entry, l.primary) == true {
			profile["email"], profile["email_verified"] = at(entry, l.email), at(entry, l.verified)
			return nil
		}
	}
	return nil
}

// fetch makes a call with the access token.
func (p *Provider) fetch(ctx context.Context, from, access string) ([]byte, http.Header, error) {
	method := http.MethodGet
	if p.profileMethod != "" {
		method = p.profileMethod
	}
	req, err := http.NewRequestWithContext(ctx, method, from, nil)
	if err != nil {
		return nil, nil, errors.New("the URL is not valid")
	}
	req.Header.Set("Authorization", "Bearer "+access)
	for name, value := range p.header {
		req.Header.Set(name, strings.ReplaceAll(value, "{token}", access))
	}
	if p.appSecretProof {
		if err := p.prove(req.URL, access); err != nil {
			return nil, nil, err
		}
	}
	return call(p.client, req)
}

// prove adds Facebook's appsecret_proof, so that a stolen token is useless
// without the secret.
func (p *Provider) prove(to *url.URL, access string) error {
	secret, err := p.clientSecret(p.now())
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(access))
	query := to.Query()
	query.Set("appsecret_proof", hex.EncodeToString(mac.Sum(nil)))
	to.RawQuery = query.Encode()
	return nil
}
