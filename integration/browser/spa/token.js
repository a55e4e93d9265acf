const api = "https://api.example.com";

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

// signIn leaves for the provider. The verifier stays in this tab.
export async function signIn(provider) {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem("verifier", verifier);
  location = `${api}/auth/app/${provider}/authorize?` + new URLSearchParams({
    redirect_to: location.origin + "/signed-in",
    code_challenge: base64url(new Uint8Array(digest)),
  });
}

// signedIn runs on /signed-in, and returns the access token.
export async function signedIn() {
  const query = new URLSearchParams(location.search), verifier = sessionStorage.getItem("verifier");
  history.replaceState(null, "", location.pathname); // a reload does not exchange again
  sessionStorage.removeItem("verifier");
  if (query.has("error")) throw new Error(query.get("error"));
  const response = await fetch(api + "/auth/app/exchange", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code: query.get("code"), code_verifier: verifier }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail.code ?? answer.detail);
  return answer.access_token;
}
