const api = "https://api.example.com", tabs = new BroadcastChannel("login");

let renewals = 0; // by all tabs
tabs.onmessage = ({ data }) => data === "renewed" ? renewals++ : dispatchEvent(new Event(data));

// alone runs what replaces the tokens, in one tab at a time.
const alone = (step) => navigator.locks.request("tokens", step);

// call returns the answer to a request. Where the access token has expired, it
// renews the login, and sends the request again. An answer with other tokens
// has a function that tells the other tabs.
export async function call(method, path, body, tell) {
  const before = renewals;
  const attempt = async () => {
    const response = await fetch(api + path, {
      method,
      credentials: "include",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    if (response.ok) tell?.();
    return response;
  };
  const send = () => tell ? alone(attempt) : attempt();
  let response = await send();
  if (response.status === 401 && await renew(before)) response = await send();
  const answer = response.status === 204 ? null : await response.json();
  if (response.ok) return answer;
  if (response.status === 401) dispatchEvent(new Event("logged-out"));
  throw Object.assign(new Error(answer.detail.code ?? answer.detail), { status: response.status });
}

// renew reports whether the login goes on. Nothing is done that another tab has
// done meanwhile. An answer may get lost: for some seconds, the same refresh
// token gets the same successor.
const renew = (before) => alone(async () => {
  for (let pause = 250; renewals === before; pause *= 2) {
    const response = await fetch(api + "/auth/page/refresh", {
      method: "POST", credentials: "include", signal: AbortSignal.timeout(3000),
    }).catch(() => null);
    if (response?.status === 401) return false;
    if (response?.ok) {
      renewed();
    } else if (pause > 2000) {
      throw new Error("The login was not renewed. It still stands: try again later.");
    } else {
      await new Promise((wake) => setTimeout(wake, pause));
    }
  }
  return true;
});

function renewed() {
  renewals++;
  tabs.postMessage("renewed");
}

const announce = (what) => () => {
  dispatchEvent(new Event(what));
  tabs.postMessage(what);
};

export const logIn = (username, password) =>
  call("POST", "/auth/page/login", { username, password }, announce("logged-in"));
export const prove = (password) => call("POST", "/auth/page/prove/password", { password }, renewed);
export const logOut = () => call("POST", "/auth/page/revoke", null, announce("logged-out"));
