package policy_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/policy"
)

var _ core.PasswordPolicy = policy.Default

var ada = &core.User{Email: "Ada.Lovelace@Example.com"}

func TestDefault(t *testing.T) {
	for _, c := range []struct {
		name, password string
		user           core.AnyUser
		want           string // a reason code, "" for accepted
	}{
		{"passphrase", "on computable numbers", ada, ""},
		{"no user", "on computable numbers", nil, ""},
		{"user without e-mail", "on computable numbers", &core.User{}, ""},
		{"shortest", "8tw!zLqv", ada, ""},
		{"too short", "8tw!zLq", ada, "PASSWORD_TOO_SHORT"},
		{"empty", "", ada, "PASSWORD_TOO_SHORT"},
		{"characters, not bytes", "ключ密码", ada, "PASSWORD_TOO_SHORT"},
		{"8 characters beyond ASCII", "ключ密码密码", ada, ""},
		{"longest", strings.Repeat("長い", 128), ada, ""},
		{"too long", strings.Repeat("長い", 128) + "x", ada, "PASSWORD_TOO_LONG"},
		{"1 MB", strings.Repeat("x", 1e6), ada, "PASSWORD_TOO_LONG"},
		{"spaces and symbols", "  \t~ § ☃ ", ada, ""},

		{"G05 NUL", "on computable\x00numbers", ada, "PASSWORD_INVALID"},
		{"G05 invalid UTF-8", "on computable\xffnumbers", ada, "PASSWORD_INVALID"},
		{"G05 lone surrogate", "on computable\xed\xa0\x80numbers", ada, "PASSWORD_INVALID"},
		{"G05 NUL in a short one", "\x00", ada, "PASSWORD_INVALID"},
		{"G05 twin: replacement character", "on computable\ufffdnumbers", ada, ""},

		{"G13 common", "password", ada, "PASSWORD_TOO_COMMON"},
		{"G13 common, first of the list", "!qaz2wsx", ada, "PASSWORD_TOO_COMMON"},
		{"G13 one character", "00000000", ada, "PASSWORD_TOO_COMMON"},
		{"G13 one character beyond ASCII", "密密密密密密密密", ada, "PASSWORD_TOO_COMMON"},
		{"G13 repetition", "198419841984", ada, "PASSWORD_TOO_COMMON"},
		{"G13 repetition, cut", "abcabcab", ada, "PASSWORD_TOO_COMMON"},
		{"G13 twin: repetition and more", "sailsailboat", ada, ""},
		{"G13 digits upwards", "1234567890123", ada, "PASSWORD_TOO_COMMON"},
		{"G13 digits downwards", "987654321", ada, "PASSWORD_TOO_COMMON"},
		{"G13 alphabet", "ABCDEFGH", ada, "PASSWORD_TOO_COMMON"},
		{"G13 keyboard row", "asdfghjkl", ada, "PASSWORD_TOO_COMMON"},
		{"G13 twin: sequence and more", "1234 declare a thumb war", ada, ""},
		{"G13 common, other letter case", "PassWord1", ada, "PASSWORD_TOO_COMMON"},
		{"G13 common, no user", "1qaz2wsx", nil, "PASSWORD_TOO_COMMON"},
		{"G13 twin: common word in a longer one", "password of the lighthouse", ada, ""},
		{"G13 e-mail", "ada.lovelace@example.com", ada, "PASSWORD_IS_EMAIL"},
		{"G13 e-mail, other letter case", "ADA.LOVELACE@example.COM", ada, "PASSWORD_IS_EMAIL"},
		{"G13 local part", "ada.lovelace", ada, "PASSWORD_IS_EMAIL"},
		{"G13 local part, other letter case", "Ada.LoveLace", ada, "PASSWORD_IS_EMAIL"},
		{"G13 local part and a year", "ada.lovelace1843", ada, "PASSWORD_IS_EMAIL"},
		{"G13 local part twice", "ada.lovelace-ada.lovelace!", ada, "PASSWORD_IS_EMAIL"},
		{"G13 e-mail and a bit", "1:ada.lovelace@example.com!", ada, "PASSWORD_IS_EMAIL"},
		{"G13 twin: local part in a longer one", "ada.lovelace wrote programs", ada, ""},
		{"G13 twin: another's local part", "ada.lovelace", &core.User{Email: "grace@example.com"}, ""},
		{"G13 twin: local part of one letter", "exceedingly odd", &core.User{Email: "e@example.com"}, ""},
		{"G13 twin: no user", "ada.lovelace", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := policy.Default(context.Background(), c.password, c.user)
			var refusal *core.Error
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && !errors.As(err, &refusal):
				t.Errorf("%v, want an *Error with %s", err, c.want)
			case c.want != "" && (refusal.ReasonCode != c.want || refusal.Reason == ""):
				t.Errorf("%s %q, want %s", refusal.ReasonCode, refusal.Reason, c.want)
			case c.want != "" && c.password != "" && strings.Contains(refusal.Error(), c.password):
				t.Error("the refusal repeats the password")
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for password, want := range map[string]struct {
		reason, key string
		value       int
	}{
		"short":                  {"Password should be at least 8 characters", "min", 8},
		strings.Repeat("x", 257): {"Password should be at most 256 characters", "max", 256},
	} {
		var refusal *core.Error
		if err := policy.Default(t.Context(), password, nil); !errors.As(err, &refusal) {
			t.Fatalf("%v", err)
		}
		if refusal.Reason != want.reason || len(refusal.Args) != 1 || refusal.Args[want.key] != want.value {
			t.Errorf("%q %v, want %+v", refusal.Reason, refusal.Args, want)
		}
	}
}

// TestCommonList checks what the look-up relies on.
func TestCommonList(t *testing.T) {
	text, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) < 10_000 || !slices.IsSorted(lines) {
		t.Fatalf("%d lines, sorted %v", len(lines), slices.IsSorted(lines))
	}
	for i, line := range lines {
		twice := i > 0 && line == lines[i-1]
		if twice || line != strings.ToLower(line) || utf8.RuneCountInString(line) < 8 || strings.ContainsAny(line, " \t\r") {
			t.Errorf("line %d: %q", i+1, line)
		}
		if policy.Default(t.Context(), strings.ToUpper(line), nil) == nil {
			t.Errorf("%q is accepted", line)
		}
	}
}

func TestLongInputIsCheap(t *testing.T) {
	long := strings.Repeat("x", 64<<10) // as much as a body may have
	best := time.Hour
	for range 5 {
		begin := time.Now()
		_ = policy.Default(t.Context(), long, ada)
		best = min(best, time.Since(begin))
	}
	if best > time.Millisecond {
		t.Errorf("took %v", best)
	}
}

func BenchmarkDefault(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = policy.Default(b.Context(), "on computable numbers", ada)
	}
}
