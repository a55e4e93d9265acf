package pages_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/pages"
)

// colors is a riddle whose answer is blue.
type colors struct{}

func (colors) Check(_ context.Context, _ *core.Request, answer string) (bool, error) {
	return answer == "blue", nil
}

// The riddle is the application's template, on the page of a login that needs
// it alone, where the policy allows the origin of its script.
func TestCaptcha(t *testing.T) {
	t.Parallel()
	const origin = "https://riddle.example"
	a, b := visited(t, func(o *pages.Options) {
		o.Templates = fstest.MapFS{"captcha.html": file(`<div class="riddle"></div>`)}
		o.Captcha = []string{origin}
	}, func(o *pagewalk.Options) { o.Captcha = colors{} })
	a.Add(t, "ada@example.org", nil)
	login := func(password string, more ...string) pagewalk.Page {
		return b.Post("/login", append([]string{"username", "ada@example.org", "password", password}, more...)...)
	}
	allowed := func(page pagewalk.Page, want bool) {
		t.Helper()
		policy := page.Header.Get("Content-Security-Policy")
		for _, part := range []string{
			"; script-src 'self' " + origin + ";", "style-src 'self' " + origin + ";", "; connect-src 'self' " + origin, "; frame-src " + origin,
		} {
			if strings.Contains(policy, part) != want {
				t.Errorf("the policy is %s", policy)
			}
		}
	}
	for range 5 {
		allowed(login("a guess").Want(400, "!riddle"), false)
	}
	allowed(login(pagewalk.Password).Want(400, `<div class="riddle">`, "not a program"), true)
	for _, field := range []string{"captcha", "cf-turnstile-response", "h-captcha-response", "g-recaptcha-response"} {
		allowed(login("a guess", field, "red").Want(400, "riddle", "not a program"), true)
		allowed(login("a guess", field, "blue").Want(400, "riddle", "!not a program"), true)
	}
	allowed(b.Get("/login").Want(200, "!riddle"), false)
	login(pagewalk.Password, "captcha", "blue").WantRedirect("/account")
}

// Without a riddle there is no place for one, whatever is posted.
func TestNoCaptcha(t *testing.T) {
	t.Parallel()
	a, b := visited(t, func(o *pages.Options) {})
	a.Add(t, "ada@example.org", nil)
	for range 5 {
		b.Post("/login", "username", "ada@example.org", "password", "a guess").Want(400)
	}
	b.Post("/login", "username", "ada@example.org", "password", pagewalk.Password, "captcha", "blue").
		Want(429, "too many attempts")
}

func TestOriginsOfACaptcha(t *testing.T) {
	t.Parallel()
	for origin, ok := range map[string]bool{
		"https://riddle.example": true, "http://riddle.example": false, "https://riddle.example/": false, "/riddle": false,
		"https://riddle.example; object-src *": false, "*": false, "": false,
	} {
		if _, err := pages.New(pages.Options{Captcha: []string{origin}}); (err == nil) != ok {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
