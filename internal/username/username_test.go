package username_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/internal/username"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"ada":                           "ada",
		"Ada.Lovelace-1_x":              "ada.lovelace-1_x",
		"__ada__":                       "__ada__",
		"a..b":                          "a..b",
		"1815ada":                       "1815ada",
		strings.Repeat("a", 64):         strings.Repeat("a", 64),
		"Élodie":                        "élodie",
		"E\u0301lodie":                  "élodie",
		"ａｄａ":                           "ada", // full-width letters
		"Groß":                          "groß",
		"Łukasz":                        "łukasz",
		"Nguyễn":                        "nguyễn",
		"ADMİN":                         "admin",
		"admın":                         "admin",
		"ОЛЬГА":                         "ольга",
		"юра":                           "юра",
		"Νίκος":                         "νίκοσ",
		"ΝΊΚΟΣ":                         "νίκοσ",
		"Ελένη":                         "ελένη",
		"山田太郎":                          "山田太郎",
		"taro山田":                        "taro山田",
		"ラーメン好き":                        "ラーメン好き",
		"홍길동":                           "홍길동",
		"محمد":                          "محمد",
		"דוד1":                          "דוד1",
		"अनिता":                         "अनिता",
		"สมชาย":                         "สมชาย",
		"αβγδ":                          "αβγδ",
		strings.Repeat("\u5c71", 64):    strings.Repeat("\u5c71", 64),
		strings.Repeat("\U00020000", 3): strings.Repeat("\U00020000", 3),
	} {
		if key, err := username.Canonical(typed); err != nil || key != want {
			t.Errorf("%q becomes %q (%v), want %q", typed, key, err, want)
		}
		if again, err := username.Canonical(want); err != nil || again != want {
			t.Errorf("the canonical form %q becomes %q (%v)", want, again, err)
		}
	}
}

func TestAttackM90Names(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{
		"an @-sign": "ada@x", "another's address": "ada@example.org", "a full-width @-sign": "ada＠example.org",
		"a small @-sign": "ada﹫example.org", "nothing": "", "two characters": "ad", "65 characters": strings.Repeat("a", 65),
		"100,000 bytes": strings.Repeat("a", 1e5), "a dot before": ".ada", "a dot behind": "ada.", "a hyphen before": "-rf",
		"a hyphen behind": "ada-", "digits": "1815", "full-width digits": "１８１５", "Arabic digits": "١٨١٥ada", "a blank": "ada l",
		"a line break": "ada\nl", "NUL": "ada\x00", "invalid UTF-8": "ada\xff", "a slash": "ada/..", "a tag": "<b>ada",
		"a quote": `ada"l`, "a percent sign": "ada%40x", "an emoji": "ada🔑", "an invisible space": "ada\u200b",
		"a joiner": "ada\u200d", "another direction": "ada\u202el", "a soft hyphen": "a\u00adda",
		"a letter of another alphabet":          "\u0430da",
		"a Greek one":                           "ad\u03b1",
		"a name that is Latin by its looks":     "\u0430\u0501\u0430",
		"Greek, by its looks Latin":             "\u03b1\u03bd\u03b1",
		"Armenian, by its looks Latin":          "\u0570\u0578\u0578",
		"with digits and dots":                  "\u0430\u0501.\u0430_1",
		"a phonetic letter":                     "\u0251da",
		"a click, which is a stroke":            "ada\u01c0",
		"a small capital":                       "ad\u1d00",
		"a letter of no alphabet in daily use":  "\u13aa\u13ab\u13a2",
		"a mark that does not compose":          "ad\u0336a",
		"marks upon marks":                      "a\u0301\u0301\u0301\u0301da",
		"a modifier letter that is a quotation": "ada\u02bb",
		"mathematical letters":                  "\U0001d41a\U0001d41d\U0001d41a",
		"a ligature":                            "\ufb01n.x",
		"Cyrillic and Greek":                    "жук\u03c9",
		"Hebrew and Latin":                      "ada\u05d3",
	} {
		key, err := username.Canonical(typed)
		if err == nil {
			t.Errorf("%s: %q is taken, as %q", name, typed, key)
		} else if len(typed) > 3 && strings.Contains(err.Error(), typed) {
			t.Errorf("%s: the error repeats it: %v", name, err)
		}
	}
}

// FuzzCanonical: what is taken is within the rules, and its own canonical form.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"ada", "Ada.L", "ADMİN", "a@b", "юра", "ΝΊΚΟΣ", "１２３a", "\xff", "ß\u0307i",
		"i\u0307\u0307x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		key, err := username.Canonical(typed)
		if err != nil {
			return
		}
		if again, err := username.Canonical(key); err != nil || again != key {
			t.Errorf("%q becomes %q, and that %q (%v)", typed, key, again, err)
		}
		if n := utf8.RuneCountInString(key); n < 3 || n > 64 || strings.ContainsAny(key,
			"@/<>\"' \x00") || !utf8.ValidString(key) {
			t.Errorf("%q becomes %q", typed, key)
		}
	})
}
