package username

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// scripts are those of daily use (Unicode Standard Annex 31, table 5).
var scripts = []string{
	"Latin", "Cyrillic", "Greek", "Han", "Hiragana", "Katakana", "Hangul", "Arabic", "Hebrew", "Armenian", "Bengali",
	"Bopomofo", "Devanagari", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi", "Kannada", "Khmer", "Lao", "Malayalam",
	"Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan",
}

// together are the scripts that people write beside each other, and beside
// Latin ones.
var together = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Bopomofo"}, {"Latin", "Han", "Hangul"},
}

// twins are letters of a script that look like small Latin ones (Unicode
// Technical Standard 39, confusables.txt). A name of nothing else is one that
// looks Latin.
var twins = map[string]string{
	"Cyrillic": "асԁеһіјӏорԛѕԝхуѵү",
	"Greek":    "αγινορσυ",
	"Armenian": "օոսհցյզ",
}

// latin are the letters beside a to z, and those with marks, that nobody takes
// for one of them.
const latin = "æðøþßđħłŋœŧə"

// misleads reports whether a canonical form may be taken for that of another
// name.
func misleads(key string) bool {
	used := map[string]bool{}
	for i, r := range key {
		if r < utf8.RuneSelf {
			if 'a' <= r && r <= 'z' {
				used["Latin"] = true
			}
			continue
		}
		script := scriptOf(r)
		switch {
		case unicode.Is(unicode.Mn, r) && script == "":
			// A mark for letters of any script, which was not
			// composed with the one before it.
			return true
		case script == "" && !(r == 'ー' && i > 0):
			return true
		case script == "Latin" && !isLatin(r):
			return true
		}
		if script != "" {
			used[script] = true
		}
	}
	return !fit(used) || looksLatin(key, used)
}

// scriptOf returns the script of a character, "" for one of none in daily use
// or of several.
func scriptOf(r rune) string {
	for _, name := range scripts {
		if unicode.Is(unicode.Scripts[name], r) {
			return name
		}
	}
	return ""
}

// isLatin reports whether a Latin letter is one of a to z with marks, or unlike
// all of them.
func isLatin(r rune) bool {
	letter := norm.NFD.String(string(r))[0]
	return 'a' <= letter && letter <= 'z' || strings.ContainsRune(latin, r)
}

// fit reports whether scripts are one, or some that are written together.
func fit(used map[string]bool) bool {
	if len(used) <= 1 {
		return true
	}
	for _, allowed := range together {
		n := 0
		for _, script := range allowed {
			if used[script] {
				n++
			}
		}
		if n == len(used) {
			return true
		}
	}
	return false
}

// looksLatin reports whether all letters look like Latin ones and are not.
func looksLatin(key string, used map[string]bool) bool {
	for script := range used {
		letters, has := twins[script]
		if !has {
			return false
		}
		for _, r := range key {
			if r >= utf8.RuneSelf && !strings.ContainsRune(letters, r) {
				return false
			}
		}
	}
	return len(used) > 0
}
