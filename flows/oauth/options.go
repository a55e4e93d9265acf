package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/weak"
)

func (o Options) problems() (errs []error) {
	if o.Accounts == nil {
		errs = append(errs, errors.New("oauth: Options.Accounts is missing, the store of links to providers' accounts"))
	}
	if err := weak.Judge(o.Secret); err != nil {
		errs = append(errs, fmt.Errorf("oauth: Options.Secret needs at least 32 random bytes: %w", err))
	}
	if len(o.Providers) == 0 {
		errs = append(errs, errors.New("oauth: Options.Providers is empty"))
	}
	if len(o.Vault) > 0 && o.Tickets == nil {
		errs = append(errs, errors.New("oauth: Options.Tickets is missing, which Options.Vault needs: a store of one-time tokens"))
	}
	if o.Lifetime < 0 || o.Lifetime > time.Hour {
		errs = append(errs, errors.New("oauth: Options.Lifetime must be at most an hour"))
	}
	if o.ReturnLimit != (core.Limit{}) {
		if err := o.ReturnLimit.Check(); err != nil {
			errs = append(errs, fmt.Errorf("oauth: Options.ReturnLimit: %w", err))
		}
	}
	if o.BeginLimit != (core.Limit{}) {
		if err := o.BeginLimit.Check(); err != nil {
			errs = append(errs, fmt.Errorf("oauth: Options.BeginLimit: %w", err))
		}
	}
	names := map[string]bool{}
	urls := map[string]bool{}
	for _, p := range o.Providers {
		if p.Provider == nil {
			errs = append(errs, errors.New("oauth: a Provider is nil"))
			continue
		}
		if faulty, ok := core.As[core.FaultyProvider](p.Provider); ok {
			errs = append(errs, faulty.Err())
		}
		if !providerName.MatchString(p.Name()) {
			errs = append(errs, fmt.Errorf("oauth: provider name %q: use lower-case letters, digits, '-' and '_', at most 64",
				p.Name()))
		}
		if names[p.Name()] {
			errs = append(errs, fmt.Errorf("oauth: provider %q is given twice: give one another name", p.Name()))
		}
		if p.RedirectURL != "" && urls[p.RedirectURL] { // O11: RFC 9700, section 4.4 (mix-up)
			errs = append(errs, fmt.Errorf("oauth: provider %q shares its RedirectURL with another one", p.Name()))
		}
		names[p.Name()], urls[p.RedirectURL] = true, true
	}
	return errs
}

func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || s != u.Scheme+"://"+u.Host ||
		strings.ToLower(s) != s {
		return nil, fmt.Errorf("oauth: %q must be an origin like https://app.example.com, in lower case and without a path",
			s)
	}
	return u, nil
}
