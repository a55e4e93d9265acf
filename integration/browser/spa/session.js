const api = "https://api.example.com";

// call sends the browser's cookie along, and returns the answer. Whoever is not
// logged in, or no longer is, gets to the login.
export async function call(method, path, body) {
  const response = await fetch(api + path, {
    method,
    credentials: "include",
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const answer = response.status === 204 ? null : await response.json();
  if (response.ok) return answer;
  if (response.status === 401) dispatchEvent(new Event("logged-out"));
  throw Object.assign(new Error(answer.detail.code ?? answer.detail), {
    status: response.status,
    wait: response.headers.get("Retry-After"), // seconds, with 429 and 503
  });
}

export const logIn = (username, password) => call("POST", "/auth/web/login", { username, password });
export const logOut = () => call("POST", "/auth/web/logout");
export const me = () => call("GET", "/users/me");
export const change = (columns) => call("PATCH", "/users/me", columns);

// link leaves for a provider, and comes back to this page.
export async function link(provider) {
  const page = new URLSearchParams({ redirect_to: location.origin + location.pathname });
  location = (await call("GET", `/auth/associate/${provider}/authorize?${page}`)).authorization_url;
}
