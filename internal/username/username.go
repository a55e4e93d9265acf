// Package username checks the names that users choose for themselves, and
// returns the canonical form by which they are compared.
//
//	key, err := username.Canonical("Ada.Lovelace") // "ada.lovelace"
//
// A name has 3 to 64 letters, digits, dots, underscores and hyphens, is not all
// digits, and begins and ends with neither dot nor hyphen. It has no @-sign, so
// no name is anybody's address; other symbols are left out since names become
// parts of paths, mentions and mails.
//
// Security notes. The form is that of RFC 8265, UsernameCaseMapped: letter
// case, width and Unicode composition do not make another name. RFC 8265,
// section 6.1 leaves it to applications to refuse names that merely look alike.
// Refused are letters of several scripts (Unicode Technical Standard 39,
// "highly restrictive"), names all of whose letters look like Latin ones and
// are not, letters that are hardly seen, and letters of scripts that are not in
// daily use (Unicode Standard Annex 31, table 5). Two names of one script may
// still resemble each other, as "ada1" and "adal" do.
package username

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// Lengths are in characters (Unicode code points).
const (
	minLength = 3
	maxLength = 64
)

// The errors are shown to the person who typed the name. They are constant, so
// that they never repeat it.
var (
	errLength     = errors.New("A user name has 3 to 64 characters")
	errCharacter  = errors.New("A user name has letters, digits, dots, underscores and hyphens only")
	errEnds       = errors.New("A user name neither begins nor ends with a dot or a hyphen")
	errDigits     = errors.New("A user name is not all digits")
	errLookalikes = errors.New("A user name must not look like another one: use the letters of one alphabet")
)

// Canonical checks a name and returns its canonical form, which is its own
// canonical form.
func Canonical(name string) (string, error) {
	if len(name) > maxLength*utf8.UTFMax {
		return "", errLength
	}
	key, err := mapped(name)
	if err != nil {
		return "", err
	}
	if n := utf8.RuneCountInString(key); n < minLength || n > maxLength {
		return "", errLength
	}
	if strings.Trim(key, "0123456789") == "" {
		return "", errDigits
	}
	if strings.ContainsRune(".-", rune(key[0])) || strings.ContainsRune(".-", rune(key[len(key)-1])) {
		return "", errEnds
	}
	return key, nil
}

// mapped returns the form of RFC 8265 of a name of the characters that are
// allowed.
func mapped(name string) (string, error) {
	if isPlain(name) { // as nearly all are
		return strings.ToLower(name), nil
	}
	key, err := precis.UsernameCaseMapped.String(name)
	if err != nil {
		if name == "" {
			return "", errLength
		}
		return "", errCharacter
	}
	key = folded(key)
	for _, r := range key {
		if !isAllowed(r) {
			return "", errCharacter
		}
	}
	if misleads(key) {
		return "", errLookalikes
	}
	return key, nil
}

// isPlain reports whether a name has characters of ASCII alone, all of which
// are allowed.
func isPlain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf || !isAllowed(r) })
}

// isAllowed reports whether a canonical form may have a character. Digits are
// those of ASCII: others look like them, or like letters.
func isAllowed(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r)
	default:
		return unicode.IsLetter(r) || unicode.IsMark(r)
	}
}

// folds are letters of which people make no difference when they read: the two
// forms of a small sigma, and the i's of Turkish, whose upper case is I for
// everybody else.
var folds = strings.NewReplacer("ς", "σ", "i\u0307", "i", "ı", "i")

func folded(key string) string { return folds.Replace(key) }
