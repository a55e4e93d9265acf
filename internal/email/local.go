package email

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// canonicalLocal folds letter case on the decomposed form, as Unicode's
// canonical caseless matching does (chapter 3, D145). It wants its ASCII
// letters in lower case.
func canonicalLocal(s string) (string, error) {
	key := norm.NFC.String(strings.Map(fold, norm.NFD.String(s)))
	if len(s) > maxLocal || len(key) > maxLocal || !dotAtom(s) || !dotAtom(key) ||
		// Full-width letters, ligatures and the like: other spellings
		// that look like the plain one.
		norm.NFKC.String(s) != norm.NFC.String(s) {
		return "", errLocal
	}
	return key, nil
}

// fold takes the upper case first, so that all lower cases of a letter (σ and
// ς) become one. The dotless ı is spared: its upper case is the ASCII I, and it
// is another letter than i.
func fold(r rune) rune {
	if upper := unicode.ToUpper(r); upper >= utf8.RuneSelf {
		r = upper
	}
	return unicode.ToLower(r)
}

func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtext) {
			return false
		}
	}
	return true
}

// notAtext refuses what is not atext (RFC 5322 section 3.2.3) or, beyond ASCII,
// not a visible letter, mark or digit.
func notAtext(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return false
	case r < utf8.RuneSelf:
		return !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	case unicode.ToLower(r) < utf8.RuneSelf: // the Kelvin sign and İ would become another address's k and i
		return true
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector): // invisible
		return true
	}
	return !unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}
