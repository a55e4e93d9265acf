// Forms with data-passkey: the browser is asked for a passkey, and what it
// returns is posted as the field "credential". What is to be read comes from
// the server, in the page's language. A module, which runs once however often
// a page has it.

const { parseRequestOptionsFromJSON, isConditionalMediationAvailable } = window.PublicKeyCredential ?? {};
// What the browser's errors are called in a form; any other is "failed".
const sentences = {
  Unsupported: "saysUnsupported", SecurityError: "saysElsewhere", NotAllowedError: "saysCancelled",
  InvalidStateError: "saysExists",
};
let asking; // the browser is asked for one thing at a time

async function optionsOf(form) {
  const answer = await fetch(form.dataset.options, { method: "POST" });
  const body = await answer.json().catch(() => ({}));
  if (body.location) {
    location.assign(body.location);
    return new Promise(() => {}); // another page comes
  }
  if (!body.publicKey) throw Object.assign(new Error("no options"), { says: body.error });
  return body;
}

async function ask(form, mediation) {
  asking?.abort();
  const { signal } = (asking = new AbortController());
  const { publicKey, expires_in: lifetime } = await optionsOf(form);
  signal.throwIfAborted(); // another question was faster
  forget(form, publicKey.rpId);
  // The autofill waits as long as the page is open, and options expire.
  const renewal = mediation === "conditional" && setTimeout(renew, lifetime * 750, form);
  try {
    const credential = await (form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey), signal })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey), mediation, signal }));
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } finally {
    clearTimeout(renewal);
  }
}

// forget tells the browser of a passkey that the server does not know, so that
// it is offered no more.
function forget(form, rpId) {
  const credentialId = form.dataset.unknown;
  delete form.dataset.unknown;
  if (credentialId) PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId }).catch(() => {});
}

// renew waits for a page that nobody looks at.
function renew(form) {
  if (!document.hidden) return autofill(form);
  document.addEventListener("visibilitychange", () => renew(form), { once: true });
}

async function autofill(form) {
  const before = asking;
  if (!("autofill" in form.dataset) || !(await isConditionalMediationAvailable?.call(PublicKeyCredential))) return;
  if (asking !== before) return; // the button was faster
  await ask(form, "conditional").catch((e) => {
    if (e.name === "SecurityError") says(form, e, true); // nobody has asked for anything yet: other errors wait
  });
}

// says puts an error above the form. For good, nothing can be done about it.
function says(form, e, forGood) {
  const place = document.getElementById(`${form.id}-says`);
  const { dataset } = form;
  place.textContent = e && (e.says ?? dataset[sentences[e.name] ?? "saysFailed"]);
  place.hidden = !e;
  place.className = forGood ? "lk-help" : "lk-notice lk-bad";
  form.hidden = !!forGood;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!parseRequestOptionsFromJSON) {
    says(form, { name: "Unsupported" }, true);
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    says(form);
    ask(form, form.dataset.passkey === "create" ? undefined : "optional").catch((e) => {
      if (e.name === "AbortError") return; // by another question
      says(form, e, e.name === "SecurityError");
      return autofill(form);
    });
  });
  autofill(form);
  addEventListener("pageshow", (event) => {
    if (event.persisted) autofill(form);
  });
}
