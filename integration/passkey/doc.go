// Package passkey logs in, by the flow passkey, with the passkeys of another
// implementation of WebAuthn, over a database with transactions, and compares
// every answer with the API's document.
package passkey
