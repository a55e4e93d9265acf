package clientip

import (
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// maxHops bounds the work on a header that a client may have filled.
const maxHops = 32

// hops are the addresses in X-Forwarded-For, or in Forwarded (RFC 7239) where
// that is absent, from the right, as text. Empty elements are left out (RFC
// 9110, section 5.6.1).
func hops(h core.Head) iter.Seq[string] {
	lines, cut, address := h.Lines("X-Forwarded-For"), lastPlain, strings.TrimSpace
	if len(lines) == 0 {
		lines, cut, address = h.Lines("Forwarded"), lastQuoted, forwardedFor
	}
	return func(yield func(string) bool) {
		seen := 0
		for _, line := range slices.Backward(lines) {
			for line != "" && seen < maxHops {
				i := cut(line)
				element := strings.TrimSpace(line[i+1:])
				line = line[:max(i, 0)]
				seen++
				if element != "" && !yield(address(element)) {
					return
				}
			}
		}
	}
}

// lastPlain is the place of the last comma, -1 if there is none.
func lastPlain(line string) int { return strings.LastIndexByte(line, ',') }

// lastQuoted is the place of the last comma outside quotes. It looks from the
// right, so that a quote that a client has left open hides nothing of what
// proxies have appended.
func lastQuoted(line string) int {
	quoted := false
	for i := len(line) - 1; i >= 0; i-- {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ',' && !quoted:
			return i
		}
	}
	return -1
}

// forwardedFor is the node of an element's "for" (RFC 7239, section 4), "" if
// it has none or several.
func forwardedFor(element string) (node string) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "for") {
			continue
		}
		if node != "" {
			return ""
		}
		node = strings.TrimSpace(value)
		if len(node) > 1 && node[0] == '"' && node[len(node)-1] == '"' {
			node = node[1 : len(node)-1]
		}
	}
	return node
}

// parse reads an address with or without brackets, a zone and a port, as
// proxies write it. "unknown" and obfuscated names (RFC 7239, section 6) are no
// address.
func parse(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		addr, err := netip.ParseAddr(inner[:len(inner)-1])
		return plain(addr), err == nil && addr.Is6()
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return plain(addr), true
	}
	withPort, err := netip.ParseAddrPort(s)
	return plain(withPort.Addr()), err == nil
}
