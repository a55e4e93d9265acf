package browser_test

import (
	"embed"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// scripts are those of docs/guides/single-page.md and refresh-tokens.md.
//
//go:embed spa
var scripts embed.FS

// script serves one of them, for an API at a URL.
func script(t *testing.T, mux *http.ServeMux, name, api string) {
	t.Helper()
	scriptAs(t, mux, name, name, api)
}

// scriptAs serves one of them by another name.
func scriptAs(t *testing.T, mux *http.ServeMux, file, name, api string) {
	t.Helper()
	text, err := scripts.ReadFile("spa/" + file)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "https://api.example.com", api, 1))
	mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(text)
	})
}

// elsewhere adds the pages of a front end on another site than the routes: the
// browser opens them at 127.0.0.1, the routes are at localhost.
func (a *app) elsewhere(t *testing.T, mux *http.ServeMux) {
	t.Helper()
	script(t, mux, "token.js", a.url)
	page(mux, "/elsewhere", `<main>Elsewhere</main><button id="bound">Sign in</button><button id="unbound">Sign in without PKCE</button>
		<script type="module">
			import { signIn } from "/token.js";
			document.getElementById("bound").onclick = () => signIn("node");
			document.getElementById("unbound").onclick = () => {
				location = "`+a.url+byToken+`/authorize?redirect_to=" + encodeURIComponent(location.origin + "/unbound");
			};
		</script>`)
	page(mux, "/signed-in", `<main></main><script type="module">
		import { signedIn } from "/token.js";
		const token = await signedIn();
		const me = await (await fetch("`+a.url+`/users/me", { headers: { Authorization: "Bearer " + token } })).json();
		document.querySelector("main").textContent = "Hello " + me.email;
	</script>`)
	page(mux, "/unbound", `<main></main><script type="module">
		const answer = await (await fetch("`+a.url+`/auth/app/exchange", {
			method: "POST",
			credentials: "include", // which brings no cookie from another site
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ code: new URLSearchParams(location.search).get("code") }),
		})).json();
		history.replaceState(null, "", location.pathname);
		document.querySelector("main").textContent = "Refused: " + answer.detail;
	</script>`)
}

func TestO51AFrontEndOnAnotherSite(t *testing.T) {
	a := newApp(t)
	for name, c := range map[string]struct{ button, path, shown string }{
		"O51 exchanges its code with PKCE":                {"#bound", "/signed-in", "Hello ada@example.org"},
		"O51 and not without: its fetch brings no cookie": {"#unbound", "/unbound", "Refused: OAUTH_INVALID_STATE"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newBrowser(t)
			run(t, ctx, chromedp.Navigate(a.server.URL+"/elsewhere"), chromedp.Click(c.button, chromedp.ByQuery))
			atProvider(t, ctx, "ada")
			wantPage(t, ctx, a.server.URL+c.path, c.shown)
		})
	}
}
