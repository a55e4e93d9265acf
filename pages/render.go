package pages

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var builtInTemplates embed.FS

// looks are the templates: one set a page, whose template "content" is the
// page's own file.
type looks map[string]*template.Template

// pageNames are the pages, each with a template of its name.
var pageNames = []string{
	"account", "admin_audit", "admin_delete", "admin_user", "admin_users", "begin", "codes", "device", "email", "error",
	"factor", "forgot", "key", "leave", "login", "logout", "mail", "passkey", "prove", "register", "rename", "reset", "totp",
	"verify",
}

// readLooks parses the built-in templates, and the application's in place of
// those of their names. The error names each file that is wrong.
func readLooks(own fs.FS) (looks, error) {
	builtIn, err := fs.Sub(builtInTemplates, "templates")
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	errs := []error{readTemplates(builtIn, files)}
	if own != nil {
		errs = append(errs, readTemplates(own, files))
	}
	shared := template.New("")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if slices.Contains(pageNames, name) {
			continue
		}
		if _, err := shared.New(name).Parse(files[name]); err != nil {
			errs = append(errs, fmt.Errorf("pages: templates: %w", err))
		}
	}
	all := looks{}
	for _, page := range pageNames {
		set, err := shared.Clone()
		if err == nil {
			_, err = set.New("content").Parse(files[page])
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("pages: templates: %s.html: %w", page, err))
			continue
		}
		all[page] = set
	}
	return all, errors.Join(errs...)
}

// readTemplates adds the text of each .html file, by its name without that.
func readTemplates(from fs.FS, files map[string]string) error {
	names, err := fs.Glob(from, "*.html")
	if err != nil {
		return fmt.Errorf("pages: templates: %w", err)
	}
	var errs []error
	for _, name := range names {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("pages: templates: %w", err))
			continue
		}
		files[strings.TrimSuffix(path.Base(name), ".html")] = string(text)
	}
	return errors.Join(errs...)
}

// render executes the layout around a page.
func (l looks) render(v View) ([]byte, error) {
	var b bytes.Buffer
	if err := l[v.Page].ExecuteTemplate(&b, "layout", v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
