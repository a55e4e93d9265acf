package providertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

// plain is a provider built with the standard library. Its zero value is
// careful; each field is a mistake that the kit must detect.
type plain struct {
	providertest.Service
	timeout  time.Duration // instead of 10 s; 0 means no deadline
	deaf     bool          // does not heed the context, and has no deadline
	limit    int64         // instead of 1 MiB, plus one byte
	follow   bool          // redirects
	lenient  bool          // JSON
	telling  bool          // errors with the code
	blunt    bool          // errors that hide the timeout
	equal    bool          // errors that do not say that the code was refused
	keeping  bool          // the verifier of the last Begin
	stating  bool          // no state
	plainly  bool          // PKCE by plain
	fixedURI bool          // the redirect URI
	anybody  bool          // accepts a missing subject
	verified bool          // counts every address as verified
	inventor bool          // returns an address that the service does not
	last     atomic.Value
}

func (p *plain) Name() string { return "plain" }

func (p *plain) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	q := url.Values{
		"response_type": {"code"}, "client_id": {p.ClientID}, "redirect_uri": {b.RedirectURI}, "state": {b.State},
		"code_challenge": {b.Challenge}, "code_challenge_method": {"S256"}, "scope": {strings.Join(b.Scopes, " ")},
	}
	p.last.Store(strings.TrimPrefix(b.State, "state-of-"))
	if p.stating {
		q.Del("state")
	}
	if p.plainly {
		q.Set("code_challenge_method", "plain")
	}
	return p.AuthorizeURL + "?" + q.Encode(), nil
}

func (p *plain) Finish(ctx context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	if p.deaf {
		ctx = context.Background()
	} else if p.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.timeout)
		defer cancel()
	}
	who, tokens, err := p.finish(ctx, f)
	switch {
	case err == nil:
		return who, tokens, nil
	case p.telling:
		err = fmt.Errorf("%s: %w", f.Code, err)
	case p.blunt:
		err = errors.New("no")
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, core.ErrOAuthCodeRefused) && !p.equal:
		err = core.ErrOAuthCodeRefused
	default:
		err = errors.New("the service does not answer as it should")
	}
	return core.OAuthIdentity{}, core.OAuthTokens{}, err
}

func (p *plain) finish(ctx context.Context, f core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	var who core.OAuthIdentity
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {f.Code}, "redirect_uri": {f.RedirectURI}, "code_verifier": {f.Verifier},
		"client_id": {p.ClientID}, "client_secret": {p.ClientSecret},
	}
	if last, _ := p.last.Load().(string); p.keeping && (last == "" || !strings.HasSuffix(f.Verifier, last)) {
		form.Del("code_verifier")
	}
	if p.fixedURI {
		form.Set("redirect_uri", "https://app.example/auth/cookie/acme/callback")
	}
	answer, err := p.ask(ctx, "POST", p.TokenURL, form.Encode(), "application/x-www-form-urlencoded")
	if err != nil {
		return who, core.OAuthTokens{}, err
	}
	tokens := core.OAuthTokens{Access: text(answer, "access_token"), Refresh: text(answer, "refresh_token")}
	var seconds int64
	if json.Unmarshal(answer["expires_in"], &seconds) == nil && seconds > 0 {
		tokens.Expires = time.Now().Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Second)
	}
	profile, err := p.ask(ctx, "GET", p.ProfileURL, "", "Bearer "+tokens.Access)
	if err != nil {
		return who, tokens, err
	}
	who = core.OAuthIdentity{Subject: text(profile, "id"), Email: text(profile, "email")}
	if p.inventor {
		who.Email = "anybody@example.com"
	}
	if verified, ok, _ := profile.Bool("verified"); ok && who.Email != "" {
		who.EmailVerified = &verified
	}
	if p.verified {
		who.EmailVerified = &p.verified
	}
	if p.anybody && who.Subject == "" {
		who.Subject = "anybody"
	}
	if tokens.Access == "" || who.Subject == "" {
		return who, tokens, errors.New("something is missing")
	}
	return who, tokens, nil
}

func text(o core.Object, name string) string { s, _, _ := o.String(name); return s }

func (p *plain) ask(ctx context.Context, method, to, body, header string) (core.Object, error) {
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set(map[string]string{"POST": "Content-Type", "GET": "Authorization"}[method], header)
	client := http.Client{Transport: &http.Transport{DialTLSContext: p.Dial, MaxResponseHeaderBytes: p.limit,
		DisableKeepAlives: true}}
	if !p.follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusBadRequest {
		return nil, core.ErrOAuthCodeRefused
	}
	read, err := io.ReadAll(io.LimitReader(resp.Body, p.limit))
	if err != nil || int64(len(read)) == p.limit || resp.StatusCode != http.StatusOK {
		return nil, errors.New("no answer")
	}
	if p.lenient {
		var o core.Object
		return o, json.Unmarshal(read, &o)
	}
	return core.ParseObject(read)
}

func TestTheKitFindsOut(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*plain)
		failed []string // the beginnings of the failing cases' names; exactly these fail
	}{
		"nothing wrong":        {func(*plain) {}, nil},
		"no deadline":          {func(p *plain) { p.timeout = 0 }, []string{"O28"}},
		"no context":           {func(p *plain) { p.deaf = true }, []string{"O28", "cancelled"}},
		"a minute of patience": {func(p *plain) { p.timeout = time.Minute }, []string{"O28"}},
		"a hidden timeout":     {func(p *plain) { p.blunt = true }, []string{"O13", "O28"}},
		"one error for all":    {func(p *plain) { p.equal = true }, []string{"O13"}},
		"8 MiB":                {func(p *plain) { p.limit = 8 << 20 }, []string{"O29 1 GiB", "O29 endless header"}},
		"redirects":            {func(p *plain) { p.follow = true }, []string{"O29 302 to", "O29 307 to"}},
		"lenient JSON":         {func(p *plain) { p.lenient = true }, []string{"O31 members twice", "O31 invalid UTF-8"}},
		"no state":             {func(p *plain) { p.stating = true }, []string{"begin"}},
		"plain PKCE":           {func(p *plain) { p.plainly = true }, []string{"begin"}},
		"one redirect URI":     {func(p *plain) { p.fixedURI = true }, []string{"two callbacks"}},
		"a memory":             {func(p *plain) { p.keeping = true }, []string{"O41", "stateless"}},
		"a default subject":    {func(p *plain) { p.anybody = true }, []string{"O31 members missing, profile", "O31 members of wrong types, profile"}},
		"trust":                {func(p *plain) { p.verified = true }, []string{"O22"}},
		"an invented address":  {func(p *plain) { p.inventor = true }, []string{"login", "no e-mail"}},
	} {
		t.Run(name, func(t *testing.T) { wantFailures(t, c.change, c.failed) })
	}
}

func harness(change func(*plain)) providertest.Harness {
	return providertest.Harness{
		Profile: func(subject, email string, verified bool) string {
			return fmt.Sprintf(`{"id":%q,"email":%q,"verified":%v}`, subject, email, verified)
		},
		New: func(s providertest.Service) (core.Provider, error) {
			p := &plain{Service: s, timeout: 10 * time.Second, limit: 1<<16 + 1}
			change(p)
			return p, nil
		},
	}
}

func wantFailures(t *testing.T, change func(*plain), failed []string) {
	f := harness(change)
	for _, c := range providertest.Cases(f) {
		synctest.Test(t, func(t *testing.T) {
			err := c.Check(f)
			expected := slices.ContainsFunc(failed, func(prefix string) bool { return strings.HasPrefix(c.Name, prefix) })
			if (err != nil) != expected {
				t.Errorf("%s: %v", c.Name, err)
			}
		})
	}
}

// A secret in an error is detected wherever there is an error.
func TestTheKitFindsATellingError(t *testing.T) {
	wantFailures(t, func(p *plain) { p.telling = true },
		[]string{"O13", "O28", "O29", "O31 m", "O31 null", "O31 a list", "O31 two", "O31 inv", "O31 nested"})
}

// A missing deadline is an error that says so, not a deadlock of the bubble.
func TestTheKitNamesAMissingDeadline(t *testing.T) {
	f := harness(func(p *plain) { p.timeout = 0 })
	for _, c := range providertest.Cases(f) {
		if !strings.HasPrefix(c.Name, "O28") {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			err := c.Check(f)
			if err == nil || !strings.Contains(err.Error(), "deadline") || !strings.Contains(c.Rule, "10 seconds") {
				t.Errorf("%s: %v", c.Name, err)
			}
		})
	}
}
