package smtpsender

import (
	"errors"
	"net"
	"net/netip"
	"regexp"
	"strings"
)

var errHello = errors.New("smtpsender: Hello must be a name with a dot, such as mail.example.com, in ASCII letters, digits and -, or an address such as [192.0.2.1] or [IPv6:2001:db8::1]")

// domain is RFC 5321's Domain (section 4.1.2) with a dot at least, since bare
// names are not fully qualified (section 2.3.5), and without a number as its
// last label, since that is an address without its brackets.
var domain = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

func isDomain(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	return len(s) <= 255 && domain.MatchString(s) && strings.Trim(last, "0123456789") != ""
}

// isLiteral reports whether s is an address literal (RFC 5321, section 4.1.3).
func isLiteral(s string) bool {
	inner, open := strings.CutPrefix(s, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !open || !closed {
		return false
	}
	const tag = "IPv6:"
	if len(inner) > len(tag) && strings.EqualFold(inner[:len(tag)], tag) {
		ip, err := netip.ParseAddr(inner[len(tag):])
		return err == nil && ip.Is6() && ip.Zone() == ""
	}
	ip, err := netip.ParseAddr(inner)
	return err == nil && ip.Is4()
}

func checkHello(name string) error {
	if name != "" && !isDomain(name) && !isLiteral(name) {
		return errHello
	}
	return nil
}

// helloName returns how the client introduces itself over a connection from
// local: as configured, by the host's name, or, where that is no name that a
// server has to accept (a container's is often its ID), by its address (RFC
// 5321, section 4.1.1.1).
func helloName(configured, host string, local net.Addr) string {
	switch {
	case configured != "":
		return configured
	case isDomain(host):
		return host
	}
	at, err := netip.ParseAddrPort(local.String())
	if err != nil { // TCP always has one
		return "[127.0.0.1]"
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is4() {
		return "[" + ip.String() + "]"
	}
	return "[IPv6:" + ip.String() + "]"
}
