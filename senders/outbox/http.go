package outbox

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ServeHTTP answers a GET with the kept mails: as a page for a browser, newest
// first and with their links to click, else as a JSON array, newest last. It
// responds with 404 to every other machine: the peer must be a loopback
// address, no proxy may have announced itself, and the Host must be localhost
// or a loopback address. The last condition stops DNS rebinding, where a
// foreign page makes the browser resolve the page's own name to 127.0.0.1 in
// order to read the response.
func (b *Outbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !fromThisMachine(r) {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	mails := b.Mails()
	if mails == nil {
		mails = []Mail{} // an array, never null
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Vary", "Accept")
	if wantsPage(r) {
		writePage(w, mails)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(mails) // only the connection can fail, and then there is nobody to tell
}

func fromThisMachine(r *http.Request) bool {
	for _, announced := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Real-Ip"} {
		if len(r.Header.Values(announced)) > 0 {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().IsLoopback() && isLoopbackHost(r.Host)
}

// isLoopbackHost reports whether a Host header, with or without a port, names
// this machine.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
