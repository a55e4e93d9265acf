// The login page: passkeys in the autofill of the form, and by a button.
//   <input name="username" autocomplete="username webauthn">
//   <button type="button" id="passkey">Log in with a passkey</button>
const api = "/auth/web";

async function post(path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(api + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw Object.assign(new Error(path), await answer.json()); // its detail has the code
  return answer.status === 204 ? null : answer.json();
}

let asking; // the browser asks for one thing at a time

async function login(mediation) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const { publicKey, expires_in } = await post("/login/passkey/options");
  if (mine.signal.aborted) return; // another one was faster
  // The autofill waits as long as the page is open, and options expire.
  const renew = mediation === "conditional" && setTimeout(attempt, expires_in * 750, mediation);
  try {
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
    const credential = await navigator.credentials.get({ publicKey: options, mediation, signal: mine.signal });
    await post("/login/passkey", { credential }).catch((e) => {
      if (e.detail === "PASSKEY_UNKNOWN") {
        PublicKeyCredential.signalUnknownCredential?.({ rpId: publicKey.rpId, credentialId: credential.id });
      }
      throw e;
    });
    location.assign("/account");
  } finally {
    clearTimeout(renew);
  }
}

function attempt(mediation) {
  return login(mediation).catch((e) => {
    if (e.name === "AbortError") return; // by the next one
    console.error(e.detail ?? e); // a page says it in its own words
    if (mediation !== "conditional") return autofill();
  });
}

async function autofill() {
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) return attempt("conditional");
}

if (window.PublicKeyCredential) {
  document.getElementById("passkey").addEventListener("click", () => attempt("optional"));
  autofill();
}
