package pages

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

//go:embed locales
var builtInLocales embed.FS

// texts are those of one language: a key's text may have {names} of values.
type texts struct {
	tag     language.Tag
	byKey   map[string]string
	english map[string]string // for what a translation lacks
}

// languages are those in which pages are offered.
type languages struct {
	all     []*texts // the first where a browser wants none of them
	matcher language.Matcher
}

// readLanguages joins the built-in catalogues and the application's.
func readLanguages(own fs.FS, offered []string) (languages, error) {
	builtIn, err := fs.Sub(builtInLocales, "locales")
	if err != nil {
		return languages{}, err
	}
	byTag := map[string]map[string]string{}
	errs := []error{readCatalogues(builtIn, byTag)}
	if own != nil {
		errs = append(errs, readCatalogues(own, byTag))
	}
	if offered == nil {
		offered = slices.Sorted(maps.Keys(byTag))
		slices.SortStableFunc(offered, func(a, b string) int { // English first
			switch {
			case a == "en":
				return -1
			case b == "en":
				return 1
			}
			return 0
		})
	}
	var l languages
	var tags []language.Tag
	for _, name := range offered {
		tag, err := language.Parse(name)
		if err != nil || byTag[name] == nil {
			errs = append(errs, fmt.Errorf("pages: Options.Languages: there is no catalogue %s.json of a language",
				name))
			continue
		}
		tags = append(tags, tag)
		l.all = append(l.all, &texts{tag, byTag[name], byTag["en"]})
	}
	if err := errors.Join(errs...); err != nil {
		return languages{}, err
	}
	if len(tags) == 0 {
		return languages{}, errors.New("pages: Options.Languages is empty")
	}
	l.matcher = language.NewMatcher(tags)
	return l, nil
}

// readCatalogues adds the texts of each <tag>.json.
func readCatalogues(files fs.FS, byTag map[string]map[string]string) error {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return fmt.Errorf("pages: Options.Locales: %w", err)
	}
	var errs []error
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		var read map[string]string
		if err == nil {
			err = json.Unmarshal(raw, &read)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("pages: Options.Locales: %s: %w", name, err))
			continue
		}
		tag := strings.TrimSuffix(name, ".json")
		if byTag[tag] == nil {
			byTag[tag] = map[string]string{}
		}
		maps.Copy(byTag[tag], read)
	}
	return errors.Join(errs...)
}

// of returns the texts of the first of the wishes, each a tag or a list as in
// Accept-Language, that names an offered language.
func (l languages) of(wishes ...string) *texts {
	for _, wish := range wishes {
		if wish == "" || len(wish) > 500 {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil {
			continue
		}
		if _, i, confidence := l.matcher.Match(tags...); confidence > language.No {
			return l.all[i]
		}
	}
	return l.all[0]
}

// named returns the texts of an offered language of that very tag.
func (l languages) named(tag string) (*texts, bool) {
	i := slices.IndexFunc(l.all, func(t *texts) bool { return t.tag.String() == tag })
	if i < 0 {
		return nil, false
	}
	return l.all[i], true
}

// find returns a key's text, English where the language has none.
func (t *texts) find(key string) (string, bool) {
	if text, ok := t.byKey[key]; ok {
		return text, true
	}
	text, ok := t.english[key]
	return text, ok
}

// say returns a key's text with values in place of their names, which come in
// pairs; the key itself where there is no text.
func (t *texts) say(key string, pairs ...any) string {
	text, ok := t.find(key)
	if !ok {
		return key
	}
	return fill(text, pairs...)
}

// fill looks at the text once: a value that has a name in it stays as it is.
func fill(text string, pairs ...any) string {
	var changes []string
	for pair := range slices.Chunk(pairs, 2) {
		if len(pair) == 2 {
			changes = append(changes, "{"+fmt.Sprint(pair[0])+"}", fmt.Sprint(pair[1]))
		}
	}
	return strings.NewReplacer(changes...).Replace(text)
}

// values are a refusal's arguments as pairs.
func values(args map[string]any) (pairs []any) {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		pairs = append(pairs, name, args[name])
	}
	return pairs
}

// rightToLeft are the scripts that are written so.
var rightToLeft = []string{"Adlm", "Arab", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}

// direction is the dir of the language's pages.
func (t *texts) direction() string {
	if script, _ := t.tag.Script(); slices.Contains(rightToLeft, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// humane makes a label of a name in JSON: "full_name" is "Full name".
func humane(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '_' || r == '-' || r == '.':
			b.WriteByte(' ')
		case unicode.IsUpper(r) && i > 0:
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	words := strings.Join(strings.Fields(b.String()), " ")
	first, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return name
	}
	return string(unicode.ToUpper(first)) + words[size:]
}
