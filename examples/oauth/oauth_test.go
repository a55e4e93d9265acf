package main

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/examples/internal/exampletest"
	"github.com/latchkey-go/latchkey/providers/localprovider"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

func TestMain(m *testing.M) { exampletest.Main(m, main) }

const vaultKey = "VAULT_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// start runs the example with two services that are never called, and the local
// one.
func start(t *testing.T, dir string) *exampletest.Process {
	t.Helper()
	return exampletest.Start(t, dir, "GITHUB_CLIENT_ID=id", "GITHUB_CLIENT_SECRET=canary-secret", "KEYCLOAK_CLIENT_ID=id",
		"KEYCLOAK_CLIENT_SECRET=s",
		"KEYCLOAK_ISSUER=https://id.example.com/realms/main", "LOCAL_PROVIDER=on", vaultKey)
}

func TestWhatIsOnIsOnThePageAndPrinted(t *testing.T) {
	p := start(t, t.TempDir())
	page := exampletest.NewBrowser(t).Open(p.URL+"/").Expect(t, 200, "/", "Continue with the local provider")
	page.Expect(t, 200, "/", `href="/auth/cookie/github/authorize?redirect_to=/"`).Expect(t, 200, "/",
		"Continue with GitHub")
	page.Expect(t, 200, "/", "Continue with Keycloak").Expect(t, 200, "/", `fill="#181717"`)
	if strings.Contains(page.Body, "Google") {
		t.Error("a service that is off is on the page")
	}
	printed := p.Stop()
	for _, uri := range []string{"/auth/cookie/github/callback", "/auth/associate/github/callback",
		"/auth/cookie/keycloak/callback"} {
		if !strings.Contains(printed, p.URL+uri) {
			t.Errorf("%s is not printed:\n%s", uri, printed)
		}
	}
	if strings.Contains(printed+p.Log.String(), "canary") {
		t.Error("a secret is printed")
	}
}

func TestAServiceSendsToItsPage(t *testing.T) {
	p := start(t, t.TempDir())
	begun := exampletest.NewBrowser(t).Open(p.URL + "/auth/cookie/github/authorize")
	begun.Expect(t, 200, "/auth/cookie/github/authorize", "https://github.com/login/oauth/authorize?")
	p.Stop()
}

var action = regexp.MustCompile(`(?:href|data-path)="(/auth/associate/local[^"]*)"`)

// follow returns what the button or link about the local provider on the
// account page leads to.
func follow(t *testing.T, page exampletest.Page) string {
	t.Helper()
	found := action.FindStringSubmatch(page.Body)
	if found == nil {
		t.Fatalf("the page has neither link nor button: %s", page.Body)
	}
	to, err := page.URL.Parse(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

func TestLoginLinkAndUnlink(t *testing.T) {
	p := start(t, t.TempDir())
	b := exampletest.NewBrowser(t)
	login := p.URL + "/auth/cookie/local/authorize?redirect_to=/"
	b.Answer(b.Open(login), "deny", "ada@example.org").Expect(t, 200, "/", "You cancelled it.")
	account := b.Answer(b.Open(login), "allow", "ada@example.org").Expect(t, 200, "/", "<h1>Ada Lovelace</h1>")
	account.Expect(t, 200, "/", "<span>ada@example.org</span>").Expect(t, 200, "/",
		`href="/auth/associate/github/authorize?redirect_to=/"`)

	unlink := follow(t, account)
	b.SendFromElsewhere("DELETE", unlink, "").Expect(t, 403, "/auth/associate/local", "CROSS_ORIGIN_REFUSED")
	refused := b.Send("DELETE", unlink, "").Expect(t, 409, "/auth/associate/local", "OAUTH_LAST_LOGIN_METHOD")
	b.Open(p.URL+"/?error="+refused.Member("detail")).Expect(t, 200, "/", "This is your only way to sign in.")

	link := p.URL + "/auth/associate/local/authorize?redirect_to=/"
	b.Answer(b.Open(link), "allow", "grace@example.org").Expect(t, 200, "/", "<span>grace@example.org</span>")
	other := exampletest.NewBrowser(t)
	other.Answer(other.Open(login), "allow", "grace@example.org").Expect(t, 200, "/", "<p>ada@example.org")
	stranger := exampletest.NewBrowser(t)
	stranger.Answer(stranger.Open(login), "allow", "alan@example.org").Expect(t, 200, "/", "alan@example.org")
	stranger.Answer(stranger.Open(link), "allow", "grace@example.org").Expect(t, 200, "/", "linked to somebody else")

	b.Send("POST", p.URL+"/auth/cookie/logout", "").Expect(t, 204, "/auth/cookie/logout", "")
	b.Open(p.URL+"/").Expect(t, 200, "/", "<h1>Sign in</h1>")
	p.Stop()
}

func TestWhoHasAnotherWayUnlinks(t *testing.T) {
	keycloak, err := localprovider.Start("") // as far as the example can tell
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keycloak.Close() })
	p := exampletest.Start(t, t.TempDir(), "KEYCLOAK_CLIENT_ID="+keycloak.ClientID, "KEYCLOAK_CLIENT_SECRET="+
		keycloak.ClientSecret,
		"KEYCLOAK_ISSUER="+keycloak.Issuer, "INSECURE_LOOPBACK=on", "LOCAL_PROVIDER=on", vaultKey)
	b := exampletest.NewBrowser(t)
	b.Answer(b.Open(p.URL+"/auth/cookie/keycloak/authorize?redirect_to=/"), "allow", "ada@example.org").Expect(t, 200, "/",
		"<h1>Ada Lovelace</h1>")
	account := b.Answer(b.Open(follow(t, b.Open(p.URL+"/"))), "allow", "grace@example.org").Expect(t, 200, "/",
		"<span>grace@example.org</span>")

	b.Send("DELETE", follow(t, account), "").Expect(t, 204, "/auth/associate/local", "")
	if page := b.Open(p.URL + "/"); strings.Contains(page.Body, "grace") ||
		!strings.Contains(page.Body, "<span>ada@example.org</span>") {
		t.Errorf("afterwards the page has %s", page.Body)
	}
	b.Send("DELETE", p.URL+"/auth/associate/keycloak", "").Expect(t, 409, "/auth/associate/keycloak",
		"OAUTH_LAST_LOGIN_METHOD")
	p.Stop()
}

func TestTokensAreKeptSealedOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct {
		env  string
		kept string
	}{"with a key": {vaultKey, "v1."}, "without": {"VAULT_KEY=", ""}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := exampletest.Start(t, dir, c.env)
			b := exampletest.NewBrowser(t)
			b.Answer(b.Open(p.URL+"/auth/cookie/local/authorize?redirect_to=/"), "allow", "ada@example.org").Expect(t, 200, "/",
				"Ada")
			p.Stop()
			db, err := sql.Open("sqlite", bunstore.SQLiteDSN(filepath.Join(dir, "oauth.db")))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			var access, refresh string
			if err := db.QueryRow("SELECT access_token, coalesce(refresh_token, '') FROM latchkey_oauth_accounts").Scan(&access,
				&refresh); err != nil {
				t.Fatal(err)
			}
			for _, kept := range []string{access, refresh} {
				if !strings.HasPrefix(kept, c.kept) || c.kept == "" && kept != "" {
					t.Errorf("a token is kept as %q", kept)
				}
			}
		})
	}
}

func TestWithoutAnyServiceTheLocalProviderIsOn(t *testing.T) {
	p := exampletest.Start(t, t.TempDir())
	exampletest.NewBrowser(t).Open(p.URL+"/").Expect(t, 200, "/", "Continue with the local provider")
	if printed := p.Stop(); !strings.Contains(printed, "VAULT_KEY is not set") {
		t.Errorf("it does not say that tokens are not kept: %s", printed)
	}
}

func TestWhatCannotWorkIsOneLineAndExitCode1(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		says string
	}{
		"nothing on in public": {[]string{"BASE_URL=https://app.example.com"}, "loopback"},
		"a public provider":    {[]string{"LOCAL_PROVIDER_ADDR=0.0.0.0:0"}, "loopback"},
		"half a service":       {[]string{"GOOGLE_CLIENT_ID=id"}, "GOOGLE_CLIENT_SECRET"},
		"a wrong issuer":       {[]string{"OKTA_CLIENT_ID=id", "OKTA_CLIENT_SECRET=s", "OKTA_ISSUER=http://x"}, "okta"},
		"no file of a key":     {[]string{"APPLE_SERVICE_ID=s", "APPLE_TEAM_ID=t", "APPLE_KEY_ID=k", "APPLE_KEY_FILE=no/such"}, "APPLE_KEY_FILE"},
		"a short vault key":    {[]string{"VAULT_KEY=c2hvcnQ="}, "VAULT_KEY"},
		"a short secret":       {[]string{"SECRET=short"}, "32"},
		"no folder":            {[]string{"DATABASE=no/such/folder/x.db"}, "no/such/folder"},
		"no address":           {[]string{"ADDR=nonsense"}, "ADDR"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exampletest.Command(t, t.TempDir(), c.env...)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != 1 || strings.Count(string(out), "\n") != 1 ||
				!strings.Contains(string(out), c.says) {
				t.Errorf("%v, printed %q, want one line about %s", err, out, c.says)
			}
		})
	}
}

func TestTheServerHasTimeouts(t *testing.T) {
	t.Parallel()
	t.Run("F19 slow loris", func(t *testing.T) {
		p := exampletest.Start(t, t.TempDir())
		p.WantPatienceEnds(10*time.Second, "/")
		p.Stop()
	})
}
