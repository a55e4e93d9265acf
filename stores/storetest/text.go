package storetest

import (
	"strings"
	"sync"
)

// hardText is text that some database cuts, alters or refuses: longer than a
// page, a column or a packet; NUL; invalid UTF-8; half a UTF-16 surrogate pair;
// a byte order mark, which some decoders remove.
var hardText = sync.OnceValue(func() []string {
	return []string{
		strings.Repeat("é", 5<<10), "nul\x00nul", "\x00", "nul\x00", "broken\xffutf8", "cut\xc3", "\xed\xa0\x80",
		"\ufeffmark", "\ufffd\uffff",
		strings.Repeat("0123456789abcdef", 10<<20/16), // last, since a row that contains it is slow to read
	}
})
