package serve

import (
	"net"
	"testing"
)

type listening struct {
	net.Listener
	ip string
}

func (l listening) Addr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(l.ip), Port: 8080} }

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
		if got := (Listener{listening{ip: c.at}, c.baseURL}).OnLoopback(); got != c.want {
			t.Errorf("at %s, as %q: got %v", c.at, c.baseURL, got)
		}
	}
}

func TestTheNameForPasskeys(t *testing.T) {
	for _, c := range []struct {
		at, baseURL, want string
		named             bool
	}{
		{"127.0.0.1", "http://127.0.0.1:8080", "http://localhost:8080", true},
		{"::1", "http://[::1]:8080", "http://localhost:8080", true},
		{"127.0.0.2", "http://127.0.0.2:8080", "http://127.0.0.2:8080", false},
		{"192.0.2.1", "http://192.0.2.1:8080", "http://192.0.2.1:8080", false},
		{"127.0.0.1", "http://127.0.0.1:80", "http://127.0.0.1:80", false}, // of a proxy before it
		{"127.0.0.1", "https://app.example.com", "https://app.example.com", true},
	} {
		l := Listener{listening{ip: c.at}, c.baseURL}.AtLocalhost()
		if l.BaseURL != c.want || l.HasName() != c.named {
			t.Errorf("at %s, as %s: got %s, which has a name: %v", c.at, c.baseURL, l.BaseURL, l.HasName())
		}
	}
}

func TestBaseURL(t *testing.T) {
	for _, c := range []struct{ addr, baseURL, want string }{
		{"127.0.0.1:0", "", "http://127.0.0.1:"},
		{"localhost:0", "", "http://localhost:"},
		{":0", "", "http://localhost:"},
		{"127.0.0.1:0", "https://app.example.com/", "https://app.example.com"},
	} {
		l, err := Listen(c.addr, c.baseURL)
		if err != nil {
			t.Fatal(err)
		}
		want := c.want
		if c.baseURL == "" {
			want += l.port()
		}
		if l.BaseURL != want {
			t.Errorf("at %s, as %q: got %s", c.addr, c.baseURL, l.BaseURL)
		}
		l.Close()
	}
	if _, err := Listen("nonsense", ""); err == nil {
		t.Error("an address that is none is listened at")
	}
}
