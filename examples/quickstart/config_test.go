package main

import (
	"net"
	"testing"
)

func TestWhatIsOnLoopback(t *testing.T) {
	for _, c := range []struct {
		at, baseURL string
		want        bool
	}{
		{"127.0.0.1", "http://127.0.0.1:8080", true},
		{"::1", "http://localhost:8080", true},
		{"0.0.0.0", "http://localhost:8080", false},
		{"192.0.2.1", "http://127.0.0.1:8080", false},
		{"127.0.0.1", "https://app.example.com", false},
		{"127.0.0.1", "http://127.0.0.1.example.com:8080", false},
		{"127.0.0.1", "", false},
	} {
		if got := (config{at: &net.TCPAddr{IP: net.ParseIP(c.at)}, baseURL: c.baseURL}).onLoopback(); got != c.want {
			t.Errorf("at %s, as %q: got %v", c.at, c.baseURL, got)
		}
	}
}
