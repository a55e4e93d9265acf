package providers

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// inside sends what is for a service's public address to the one that it has
// inside the network. Browsers never see that one, and iss is compared with the
// public one.
type inside struct {
	public, internal *url.URL // what the addresses of the two begin with
	next             http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (i inside) RoundTrip(req *http.Request) (*http.Response, error) {
	if to := moved(req.URL, i.public, i.internal); to != nil {
		req = req.Clone(req.Context())
		req.URL, req.Host = to, to.Host
	}
	return i.next.RoundTrip(req)
}

// moved returns u with to in place of from, or nil if u is not below from.
func moved(u, from, to *url.URL) *url.URL {
	rest, below := strings.CutPrefix(u.EscapedPath(), from.EscapedPath())
	if !below || origin(u) != origin(from) || rest != "" && rest[0] != '/' {
		return nil
	}
	there, err := url.Parse(to.Scheme + "://" + to.Host + to.EscapedPath() + rest)
	if err != nil {
		return nil
	}
	there.RawQuery = u.RawQuery
	return there
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// bases returns what public and internal addresses begin with: the origins, or,
// where the internal address has a path, the addresses without the end that
// their paths have in common.
func (s service) bases() (public, internal *url.URL, err error) {
	known := s.authorize
	if s.openID {
		known = s.issuer
	}
	if public, err = url.Parse(known); err != nil {
		return nil, nil, errors.New("is for a valid public URL")
	}
	internal, err = url.Parse(s.internal)
	if err != nil || internal.RawQuery != "" || internal.ForceQuery {
		return nil, nil, errors.New("must be absolute, without query")
	}
	outer, inner := strings.TrimSuffix(public.Path, "/"), strings.TrimSuffix(internal.Path, "/")
	if inner == "" {
		outer = ""
	}
	for inner != "" && path.Base(outer) == path.Base(inner) {
		outer, inner = strings.TrimSuffix(path.Dir(outer), "/"), strings.TrimSuffix(path.Dir(inner), "/")
	}
	public.Path, internal.Path = outer, inner
	public.RawPath, public.RawQuery, internal.RawPath = "", "", ""
	return public, internal, nil
}

// forBrowsers returns the public form of a URL that may be an internal one.
func (s service) forBrowsers(raw string) string {
	u, wrong := url.Parse(raw)
	public, internal, err := s.bases()
	if s.internal == "" || wrong != nil || err != nil {
		return raw
	}
	if to := moved(u, internal, public); to != nil {
		return to.String()
	}
	return raw
}

// plain makes the calls by plain http: to hosts that were named, and to this
// machine.
type plain struct {
	hosts           []string
	named, loopback http.RoundTripper // nil refuses
}

// RoundTrip implements http.RoundTripper.
func (p plain) RoundTrip(req *http.Request) (*http.Response, error) {
	to := p.loopback
	if isNamed(p.hosts, req.URL) {
		to = p.named
	}
	if to == nil {
		outbound.CloseBody(req)
		return nil, errors.New("the URL is not https")
	}
	return to.RoundTrip(req)
}

func isNamed(hosts []string, u *url.URL) bool {
	return slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, u.Hostname()) })
}

// validInternalHost allows the underscores that names of containers have.
var validInternalHost = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// internalProblems returns what is wrong with the addresses inside.
func (s service) internalProblems() (errs []error) {
	for _, host := range s.insecureHosts {
		if _, err := netip.ParseAddr(host); err != nil && !validInternalHost.MatchString(host) {
			errs = append(errs, fmt.Errorf("InsecureInternalHosts: %q is not the exact name of a host, without a port", host))
		}
	}
	if s.internal == "" {
		return errs
	}
	_, _, err := s.bases()
	if err == nil {
		err = s.checkCalled(s.internal)
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("the internal URL %w", err))
	}
	return errs
}

// checkURL checks a URL that browsers follow.
func (s service) checkURL(raw string) error { return check(raw, s.insecureLoopback, nil) }

// checkCalled checks a URL that only the server calls, perhaps at a host that
// was named for plain http.
func (s service) checkCalled(raw string) error {
	return check(raw, s.insecureLoopback, s.insecureHosts)
}

func check(raw string, insecureLoopback bool, insecureHosts []string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return errors.New("must be absolute, without user and fragment")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !insecureLoopback && !isNamed(insecureHosts, u)) {
		return errors.New("must be https")
	}
	return nil
}
