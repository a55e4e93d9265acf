package providers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// Fields says where a service's response holds what. Subject, Email, Name and
// Picture are templates of paths: "{data.id}", "{images.0.url}", "{tid}:{oid}".
// A template is empty if one of its paths leads to nothing.
type Fields struct {
	// Subject must be the account's stable ID: never a name or an address
	// that its owner can change, since whoever gets it next would get the
	// account with it.
	Subject string
	Email   string
	// Verified lists paths of booleans that must all be true for the
	// address to count as verified. A string "true" or a 1 is not true.
	// Default: it never counts as verified.
	Verified []string
	// AlwaysVerified is for services that document that they return no
	// unverified addresses.
	AlwaysVerified bool
	Name, Picture  string

	stringBooleans bool // Apple documents "true" and "false" as strings
}

const maxSubject = 255 // bytes; OpenID Connect Core, section 2

func (f Fields) identity(profile map[string]any) (core.OAuthIdentity, error) {
	subject, err := fill(f.Subject, profile)
	if err != nil {
		return core.OAuthIdentity{}, fmt.Errorf("the subject: %w", err)
	}
	if err := checkSubject(subject); err != nil {
		return core.OAuthIdentity{}, err
	}
	email, _ := fill(f.Email, profile)
	if !strings.Contains(email, "@") { // false, a list or a number is none
		email = ""
	}
	claims, err := json.Marshal(profile)
	if err != nil {
		return core.OAuthIdentity{}, err
	}
	identity := core.OAuthIdentity{Subject: subject, Email: email, Claims: claims}
	if email != "" {
		identity.EmailVerified = f.verified(profile)
	}
	identity.Name = fillSome(f.Name, profile)
	identity.Picture, _ = fill(f.Picture, profile) // nobody is kept out because of a picture
	return identity, nil
}

// checkSubject refuses what two accounts could share: an empty subject, and
// what a lone surrogate was decoded to.
func checkSubject(s string) error {
	switch {
	case s == "":
		return errors.New("the response has no subject")
	case len(s) > maxSubject:
		return errors.New("the subject is longer than 255 bytes")
	case strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }):
		return errors.New("the subject has invalid characters")
	}
	return nil
}

func (f Fields) verified(profile map[string]any) *bool {
	all := f.AlwaysVerified || len(f.Verified) > 0
	if !all {
		return nil
	}
	for _, path := range f.Verified {
		flag, ok := f.boolean(at(profile, path))
		if !ok {
			return nil
		}
		all = all && flag
	}
	return &all
}

func (f Fields) boolean(v any) (flag, ok bool) {
	if f.stringBooleans && (v == "true" || v == "false") {
		return v == "true", true
	}
	flag, ok = v.(bool)
	return flag, ok
}

// fill puts values into a template. It returns "" if one of them is missing.
func fill(template string, profile map[string]any) (string, error) {
	filled, whole, err := fillIn(template, profile)
	if !whole {
		return "", err
	}
	return filled, nil
}

// fillSome is fill for a name, of which people may have one part alone: what is
// missing is left out, with the space beside it.
func fillSome(template string, profile map[string]any) string {
	filled, whole, _ := fillIn(template, profile)
	if !whole {
		return strings.Join(strings.Fields(filled), " ")
	}
	return filled
}

// fillIn puts into a template what there is. whole is false where a value is
// missing, or is none that a template takes: that is an error too.
func fillIn(template string, profile map[string]any) (text string, whole bool, err error) {
	var filled strings.Builder
	whole = true
	for template != "" {
		between, rest, _ := strings.Cut(template, "{")
		path, rest, more := strings.Cut(rest, "}")
		filled.WriteString(between)
		template = rest
		if !more {
			break
		}
		s, wrong := scalar(at(profile, path))
		filled.WriteString(s)
		whole, err = whole && s != "" && wrong == nil, errors.Join(err, wrong)
	}
	return filled.String(), whole, err
}

// scalar returns a string as is and a whole number in digits; nil is "".
func scalar(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		if strings.Trim(v.String(), "0123456789") == "" {
			return v.String(), nil
		}
	}
	return "", errors.New("neither a string nor a whole number")
}
