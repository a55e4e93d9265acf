package useragent_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/internal/useragent"
)

func TestDevice(t *testing.T) {
	t.Parallel()
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)"
	for agent, want := range map[string][2]string{
		"Mozilla/5.0 (X11; Linux x86_64) " + webkit + " Chrome/140.0.0.0 Safari/537.36":                               {"Chrome", "Linux"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":       {"Edge", "Windows"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15":           {"Safari", "macOS"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Mobile Safari/604.1": {"Chrome", "iPhone"},
		"Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0":                                        {"Firefox", "Android"},
		"Mozilla/5.0 (Linux; Android 14) " + webkit + " SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":    {"Samsung Internet", "Android"},
		"curl/8.5.0": {"curl", ""}, "Mozilla/5.0 (Windows NT 10.0)": {"", "Windows"}, "": {"", ""}, "something else": {"", ""},
	} {
		if browser, system := useragent.Device(agent); browser != want[0] || system != want[1] {
			t.Errorf("%s: %s on %s, want %v", agent, browser, system, want)
		}
	}
}
