const api = "https://api.example.com", tabs = new BroadcastChannel("login");

let login = { turn: 0 }; // the tokens, the same in all tabs: those of the highest turn

// take keeps the tokens of another tab, or of this one.
function take(next) {
  if (next.turn <= login.turn) return;
  const changed = !next.access_token !== !login.access_token;
  login = next;
  if (changed) dispatchEvent(new Event(login.access_token ? "logged-in" : "logged-out"));
}

function share(tokens) {
  take({ ...tokens, turn: login.turn + 1 });
  tabs.postMessage(login);
}

// A new tab, and one that is loaded again, gets the tokens from another one.
tabs.onmessage = ({ data }) => data === "which?" ? tabs.postMessage(login) : take(data);
tabs.postMessage("which?");

// alone runs what replaces the tokens, in one tab at a time.
const alone = (step) => navigator.locks.request("tokens", step);

// call returns the answer to a request. Where the access token has expired, it
// renews the login, and sends the request again. An answer with other tokens
// has a function that shares them.
export async function call(method, path, body, keep) {
  const used = login;
  const attempt = async () => {
    const response = await fetch(api + path, {
      method,
      headers: {
        Accept: "application/json",
        ...(login.access_token && { Authorization: "Bearer " + login.access_token }),
        ...(body && { "Content-Type": "application/json" }),
      },
      body: body && JSON.stringify(body),
    });
    const answer = response.status === 204 ? null : await response.json();
    if (response.ok) keep?.(answer);
    return { ok: response.ok, status: response.status, answer };
  };
  const send = () => keep ? alone(attempt) : attempt();
  let got = await send();
  if (got.status === 401 && used.access_token) {
    await renew(used);
    got = await send();
  }
  if (got.ok) return got.answer;
  throw Object.assign(new Error(got.answer.detail.code ?? got.answer.detail), { status: got.status });
}

// renew replaces tokens that were used, or ends the login. Nothing is done that
// another tab has done meanwhile. An answer may get lost: for some seconds, the
// same refresh token gets the same successor.
const renew = (used) => alone(async () => {
  for (let pause = 250; login === used; pause *= 2) {
    try {
      const response = await fetch(api + "/auth/app/refresh", {
        method: "POST", signal: AbortSignal.timeout(3000),
        body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: used.refresh_token }),
      });
      if (response.ok) share(await response.json());
      if (response.status === 401) share({});
    } catch { /* no answer */ }
    if (login !== used) return;
    if (pause > 2000) throw new Error("The login was not renewed. It still stands: try again later.");
    await new Promise((wake) => setTimeout(wake, pause));
  }
});

export const logIn = (username, password) => call("POST", "/auth/app/login", { username, password }, share);
export const prove = (password) => call("POST", "/auth/app/prove/password", { password }, share);
export const logOut = () => call("POST", "/auth/app/revoke", { token: login.refresh_token }, () => share({}));
