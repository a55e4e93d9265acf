package pagewalk

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// cli is a device without a browser.
type cli struct {
	a *App
	b *Browser

	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
}

// newCLI begins to log in.
func (a *App) newCLI(t *testing.T, b *Browser, label string) cli {
	t.Helper()
	c := cli{a: a, b: b}
	got := b.Post("/api/cli/device/authorize", "label", label)
	if err := json.Unmarshal([]byte(got.Body), &c); err != nil || got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	return c
}

// polls expects an answer with a text.
func (c cli) polls(text string) {
	c.b.t.Helper()
	got := c.b.Do("POST", "/api/cli/device/token", "application/json", `{"device_code": "`+c.DeviceCode+`"}`)
	if !strings.Contains(got.Body, text) {
		c.b.t.Errorf("%d %s, want %s", got.Status, got.Body, text)
	}
}

// device lets a device log in, and refuses another one.
func (a *App) device(t *testing.T, b, tool *Browser) {
	const nora = "nora@example.org"
	a.Add(t, nora, nil)
	one := a.newCLI(t, tool, "acme-cli <on> Nora's laptop")
	_, link, _ := strings.Cut(one.VerificationURIComplete, a.Prefix+"/device")
	if !strings.HasSuffix(one.VerificationURI, a.Prefix+"/device") || link != "?user_code="+one.UserCode {
		t.Fatalf("the links are %s and %s", one.VerificationURI, one.VerificationURIComplete)
	}
	page := b.Get("/device" + link)
	page.WantRedirect("/login?next=" + url.QueryEscape(a.Prefix+"/device"+link))
	page = page.Follow().Submit("login", "username", nora, "password", Password)
	page.WantRedirect("/device" + link)
	page = page.Follow().Want(200, "Log a device in", `value="`+one.UserCode+`"`, "!Log it in to my account")
	b.Get("/account").Want(200, "!A device was let log in") // the link has decided nothing

	page.Submit("device", "user_code", "").Want(400, "This code is not right", "Error:")
	page.Submit("device", "user_code", "BBBB-BBBB").Want(400, "This code is not right", `value="BBBB-BBBB"`)
	page.Submit("device", "user_code", strings.Repeat("B", 3000)).Want(400, "This code is not right")
	asked := page.Submit("device", "user_code", " "+strings.ToLower(one.UserCode)).Want(200, "Log this device in?",
		"log somebody in to your account on another device", "refuse: they could use your account",
		"It calls itself: acme-cli &lt;on&gt; Nora&#39;s laptop", "asked just now", "!<on>")
	for _, path := range []string{"/device/approve", "/device/deny"} {
		b.Get(path + link).WantRedirect("/device")
	}
	a.deviceElsewhere(t, page.Submit("device"), one)
	asked.Submit("device-approve").WantRedirect("/account")
	b.Get("/account").Want(200, "Go back to your device", "A device was let log in", "Log a device in by a code")
	one.polls("access_token")
	b.Get("/account").Want(200, "acme-cli &lt;on&gt; Nora&#39;s laptop")
	asked.Submit("device-deny").Want(400, "This code is not right")

	two := a.newCLI(t, tool, "")
	b.Get("/device").Submit("device", "user_code", two.UserCode).Submit("device-deny").WantRedirect("/account")
	b.Get("/account").Want(200, "The device is refused.", "A device was refused")
	two.polls("access_denied")
}

// deviceElsewhere tries what is claimed in another login, and from another
// site.
func (a *App) deviceElsewhere(t *testing.T, claimed Page, c cli) {
	t.Helper()
	other := NewBrowser(t, claimed.b.serve, claimed.b.base)
	other.Get("/login").Submit("login", "username", "nora@example.org", "password", Password).WantRedirect("/account")
	other.Get("/device").Submit("device", "user_code", c.UserCode).Want(400, "This code is not right")
	other.Post("/device/approve", "user_code", c.UserCode).Want(400, "This code is not right")
	site := claimed.b.Site
	claimed.b.Site = "cross-site"
	claimed.b.Post("/device", "user_code", c.UserCode).Want(403)
	claimed.b.Post("/device/approve", "user_code", c.UserCode).Want(403)
	claimed.b.Site = site
	claimed.b.Get("/account").Want(200, "!A device was let log in", "!A device was refused")
}
