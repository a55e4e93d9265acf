package cookie

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Form is what makes cookies of one name different ones to a browser: it keeps
// one of each form, and sends every one that fits (RFC 6265bis, section 5.7).
type Form struct {
	// Domain is the cookie's. Default: this host alone.
	Domain string
	// Path is the cookie's. Default: "/".
	Path string
	// Partitioned is the cookie's. Default: false.
	Partitioned bool
}

// form returns the present form.
func (o Options) form() Form { return Form{o.Domain, o.Path, o.Partitioned} }

// canonical is f as browsers compare it (RFC 6265bis, section 5.6.3).
func (f Form) canonical() Form {
	f.Domain = strings.ToLower(strings.TrimPrefix(f.Domain, "."))
	f.Path = cmp.Or(f.Path, "/")
	return f
}

// of returns c in the form f.
func (f Form) of(c http.Cookie) http.Cookie {
	c.Domain, c.Path, c.Partitioned = f.Domain, f.Path, f.Partitioned
	if f.Partitioned {
		c.SameSite = http.SameSiteNoneMode // else a frame of another site could not replace it
	}
	return c
}

// check returns what is wrong with a cookie of this form. Its errors begin with
// the name of the option that has the form, "" for the options themselves.
func (f Form) check(option string, c http.Cookie) error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("cookie: "+option+format, args...))
		}
	}
	c = f.of(c)
	err := c.Valid()
	wrong(err != nil, "%w", err)
	wrong(strings.HasSuffix(f.Domain, "."), "Domain %q must not end with a dot", f.Domain)
	wrong(!strings.HasPrefix(f.Path, "/"), "Path %q must begin with /", f.Path)
	host := hasPrefix(c.Name, "__Host-")
	wrong(host && f.Domain != "", "the name %s excludes a Domain; choose a Name such as __Secure-latchkey", c.Name)
	wrong(host && f.Path != "/", "the name %s excludes a Path other than /; choose a Name such as __Secure-latchkey",
		c.Name)
	return errors.Join(errs...)
}

// checkFormer returns what is wrong with Former.
func (o Options) checkFormer() error {
	var errs []error
	for i, f := range o.Former {
		f.Path = cmp.Or(f.Path, "/")
		option := fmt.Sprintf("Former[%d]: ", i)
		errs = append(errs, f.check(option, o.cookie()))
		if f.canonical() == o.form().canonical() {
			errs = append(errs, fmt.Errorf("cookie: %sthat is the present form", option))
		}
	}
	return errors.Join(errs...)
}

// others returns the forms that must go when the present one is set: this host
// alone at "/", which is what an application begins with, and the former ones.
func (o Options) others() (forms []Form) {
	seen := map[Form]bool{o.form().canonical(): true}
	for _, f := range append([]Form{{Partitioned: o.Partitioned}}, o.Former...) {
		if f = f.canonical(); !seen[f] {
			seen[f] = true
			forms = append(forms, f)
		}
	}
	return forms
}

// forgotten returns a refusal whose answer makes the browser drop every form of
// the cookie, so that nobody stays shut out by two of them.
func (t *Transport) forgotten(refusal *core.Error) *core.Error {
	resp := core.Empty(0)
	t.Clear(resp)
	answer := *refusal
	answer.Header = resp.Header
	return &answer
}
