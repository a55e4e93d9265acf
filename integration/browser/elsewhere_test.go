package browser_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
)

// elsewhere adds the pages of a front end on another site than the routes: the
// browser opens them at 127.0.0.1, the routes are at localhost.
func (a *app) elsewhere(mux *http.ServeMux) {
	page(mux, "/elsewhere", `<main>Elsewhere</main><button id="bound">Sign in</button><button id="unbound">Sign in without PKCE</button>
		<script type="module">const api = "`+a.url+`", group = "`+byToken+`";`+signInElsewhere+`
			document.getElementById("bound").onclick = signIn;
			document.getElementById("unbound").onclick = () => {
				location = api + group + "/authorize?redirect_to=" + encodeURIComponent(location.origin + "/elsewhere/signed-in");
			};
		</script>`)
	page(mux, "/elsewhere/signed-in", `<main></main><script type="module">const api = "`+a.url+`";`+signedInElsewhere+`
		const token = await signedIn();
		const me = await (await fetch(api + "/users/me", { headers: { Authorization: "Bearer " + token } })).json();
		document.querySelector("main").textContent = "Hello " + (me.email ?? me.detail);
	</script>`)
}

// signInElsewhere and signedInElsewhere are the code in docs/guides/oauth.md
// for such a front end.
const (
	signInElsewhere = `
		const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

		async function signIn() {
			const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
			const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
			sessionStorage.setItem("verifier", verifier);
			location = api + group + "/authorize?" + new URLSearchParams({
				redirect_to: location.origin + "/elsewhere/signed-in",
				code_challenge: base64url(new Uint8Array(digest)),
			});
		}`
	signedInElsewhere = `
		async function signedIn() {
			const response = await fetch(api + "/auth/token/exchange", {
				method: "POST",
				credentials: "include", // which brings no cookie from another site
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify({
					code: new URLSearchParams(location.search).get("code"),
					code_verifier: sessionStorage.getItem("verifier"),
				}),
			});
			sessionStorage.removeItem("verifier");
			history.replaceState(null, "", location.pathname);
			return (await response.json()).access_token;
		}`
)

// allowElsewhere lets the front end read the routes' responses (CORS), with the
// browser's cookies if it sends any.
func (a *app) allowElsewhere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin == a.server.URL {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			if r.Method == http.MethodOptions {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func TestO51AFrontEndOnAnotherSite(t *testing.T) {
	a := newApp(t)
	signedIn := a.server.URL + "/elsewhere/signed-in"
	for name, c := range map[string]struct{ button, shown string }{
		"O51 exchanges its code with PKCE":                {"#bound", "Hello ada@example.org"},
		"O51 and not without: its fetch brings no cookie": {"#unbound", "Hello Unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newBrowser(t)
			run(t, ctx, chromedp.Navigate(a.server.URL+"/elsewhere"), chromedp.Click(c.button, chromedp.ByQuery))
			atProvider(t, ctx, "ada")
			wantPage(t, ctx, signedIn, c.shown)
		})
	}
}
