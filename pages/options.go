package pages

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// build makes everything ready that does not depend on the application.
func (f *Flow) build() error {
	var errs []error
	if f.opts.After != "" && !core.LocalPath(f.opts.After) {
		errs = append(errs, fmt.Errorf("pages: Options.After %q must be a path that begins with one slash", f.opts.After))
	}
	styles, images := []string{"'self'"}, []string{"'self'"}
	for _, sheet := range f.opts.Stylesheets {
		origin, err := originOf(sheet)
		if err != nil {
			errs = append(errs, fmt.Errorf("pages: Options.Stylesheets: %w", err))
		} else if origin != "" && !slices.Contains(styles, origin) {
			styles = append(styles, origin)
		}
	}
	if f.opts.Logo != "" {
		origin, err := originOf(f.opts.Logo)
		if err != nil {
			errs = append(errs, fmt.Errorf("pages: Options.Logo: %w", err))
		} else if origin != "" {
			images = append(images, origin)
		}
	}
	f.policy = policy(styles, images)
	for _, origin := range f.opts.Captcha {
		if is, err := originOf(origin); err != nil || is == "" || is != origin {
			errs = append(errs, fmt.Errorf("pages: Options.Captcha: %q must be an origin like https://challenges.example.com", origin))
		}
	}
	for name, field := range f.opts.Fields {
		if field.Type != "" && !slices.Contains(inputTypes, field.Type) {
			errs = append(errs, fmt.Errorf("pages: Options.Fields: the type of %q must be one of %s", name,
				strings.Join(inputTypes, ", ")))
		}
	}
	var err error
	if f.languages, err = readLanguages(f.opts.Locales, f.opts.Languages); err != nil {
		errs = append(errs, err)
	}
	if f.assets, err = readAssets(f.opts.Marks); err != nil {
		errs = append(errs, err)
	}
	if f.opts.Render == nil {
		if f.looks, err = readLooks(f.opts.Templates); err != nil {
			errs = append(errs, err)
		}
	} else if f.opts.Templates != nil {
		errs = append(errs, errors.New("pages: Options.Templates and Options.Render exclude each other"))
	}
	return errors.Join(errs...)
}

// inputTypes are the types of inputs that take a text.
var inputTypes = []string{
	"text", "textarea", "email", "tel", "url", "number", "date", "datetime-local", "checkbox", "color", "month", "time",
	"week",
}

// policy is the Content-Security-Policy of every page. It allows no inline
// style and no inline script.
func policy(styles, images []string) string {
	style := strings.Join(styles, " ")
	return "default-src 'none'; style-src " + style + "; font-src " + style + "; img-src " + strings.Join(images, " ") +
		"; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// withCaptcha adds origins whose scripts show a riddle, in frames of theirs.
func withCaptcha(policy string, origins []string) string {
	if len(origins) == 0 {
		return policy
	}
	from := " " + strings.Join(origins, " ")
	policy = strings.Replace(policy, "; script-src 'self'", "; script-src 'self'"+from, 1)
	policy = strings.Replace(policy, "style-src 'self'", "style-src 'self'"+from, 1)
	if !strings.Contains(policy, "; connect-src") {
		policy += "; connect-src 'self'"
	}
	return policy + from + "; frame-src" + from
}

// originOf returns the origin of what a page loads; "" for a path of its own.
func originOf(target string) (string, error) {
	if core.LocalPath(target) {
		return "", nil
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(target, " ;,'\"\\") {
		return "", fmt.Errorf("%q must be a path that begins with one slash, or an https URL", target)
	}
	return "https://" + u.Host, nil
}
