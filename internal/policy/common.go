package policy

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// commonText has a password a line, in lower case, sorted by bytes. Its origin
// and licence are in common.LICENSE.txt.
//
//go:embed common.txt
var commonText string

var common = sync.OnceValue(func() []string { return strings.Fields(commonText) })

// runs are the sequences that people type along. The list leaves them out, and
// repetitions.
const runs = "01234567890123456789 98765432109876543210 abcdefghijklmnopqrstuvwxyz zyxwvutsrqponmlkjihgfedcba qwertyuiopasdfghjklzxcvbnm"

func isCommon(lower string) bool {
	_, listed := slices.BinarySearch(common(), lower)
	return listed || strings.Contains(runs, lower) || isRepetition(lower)
}

// isRepetition reports whether one to four bytes come again and again:
// "zzzzzzzz", "19841984".
func isRepetition(s string) bool {
	for period := 1; period <= 4; period++ {
		if s[period:] == s[:len(s)-period] {
			return true
		}
	}
	return false
}
