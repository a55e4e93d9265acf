package localprovider

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
)

// person is who somebody claimed to be.
type person struct {
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`
	Name     string `json:"name"`
}

// subject is derived from the address, so that whoever comes again is the same
// person, after a restart too.
func subject(email string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

var (
	//go:embed authorize.html
	pageText string
	page     = template.Must(template.New("authorize").Parse(pageText))
	//go:embed style.css
	styleText []byte
)

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(styleText)
}

// ask shows the page on which people say who they are.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	if redirect := p.wellFormed(w, r); redirect != nil {
		p.show(w, r, redirect, "")
	}
}

func (p *Provider) show(w http.ResponseWriter, r *http.Request, redirect *url.URL, problem string) {
	app := redirect.Scheme + "://" + redirect.Host
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	// The form's response redirects to the application, and browsers apply
	// form-action to that too.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self' "+app+
		"; base-uri 'none'; frame-ancestors 'none'")
	_ = page.Execute(w, map[string]any{"App": app, "Action": r.URL.RequestURI(), "Problem": problem})
}

// decide sends the browser back with a code, or with what the person decided
// instead.
func (p *Provider) decide(w http.ResponseWriter, r *http.Request) {
	redirect := p.wellFormed(w, r)
	if redirect == nil {
		return
	}
	if r.PostFormValue("decision") != "allow" {
		p.back(w, r, redirect, "error", "access_denied")
		return
	}
	address, err := mail.ParseAddress(r.PostFormValue("email"))
	if err != nil {
		p.show(w, r, redirect, "That is not an email address.")
		return
	}
	q := r.URL.Query()
	p.back(w, r, redirect, "code", p.issue("code", time.Minute, grant{
		person: person{
			Subject: subject(address.Address), Email: address.Address,
			Verified: r.PostFormValue("verified") != "", Name: r.PostFormValue("name"),
		},
		redirectURI: redirect.String(), challenge: q.Get("code_challenge"), nonce: q.Get("nonce"),
	}))
}

// wellFormed returns the redirect URI of an authorization request (OpenID
// Connect Core, section 3.1.2.1). If something is wrong with the request it
// responds itself, and returns nil.
func (p *Provider) wellFormed(w http.ResponseWriter, r *http.Request) *url.URL {
	q := r.URL.Query()
	redirect, err := loopback(q.Get("redirect_uri"))
	switch {
	case err != nil: // never sent anywhere
		http.Error(w, err.Error(), http.StatusBadRequest)
	case q.Get("client_id") != p.ClientID:
		http.Error(w, "the client is unknown: has the provider been restarted?", http.StatusBadRequest)
	case q.Get("response_type") != "code":
		p.back(w, r, redirect, "error", "unsupported_response_type")
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		p.back(w, r, redirect, "error", "invalid_scope")
	case q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "":
		p.back(w, r, redirect, "error", "invalid_request")
	default:
		return redirect
	}
	return nil
}

func loopback(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() != "localhost" &&
		!net.ParseIP(u.Hostname()).IsLoopback() {
		return nil, errors.New("the redirect URI is not on this machine")
	}
	return u, nil
}

// back ends an authorization request (RFC 6749, section 4.1.2, and RFC 9207).
func (p *Provider) back(w http.ResponseWriter, r *http.Request, redirect *url.URL, name, value string) {
	q := redirect.Query()
	q.Set(name, value)
	q.Set("state", r.URL.Query().Get("state"))
	q.Set("iss", p.Issuer)
	to := *redirect
	to.RawQuery = q.Encode()
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
