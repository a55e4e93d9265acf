// The account page: one more passkey. post is as on the login page.
async function addPasskey(label) {
  const { publicKey } = await post("/passkeys/options"); // 403 PROOF_REQUIRED: prove it first
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
  const credential = await navigator.credentials.create({ publicKey: options });
  return post("/passkeys", { credential, label });
}

// What PROOF_REQUIRED asks for, where the user has a passkey.
async function proveByPasskey() {
  const { publicKey } = await post("/prove/passkey/options");
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  const credential = await navigator.credentials.get({ publicKey: options });
  return post("/prove/passkey", { credential }); // a bearer backend answers with the new token
}
