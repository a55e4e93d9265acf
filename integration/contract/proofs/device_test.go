package proofs_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/descope/virtualwebauthn"
)

type request = http.Request

// device is a telephone with one passkey, which is synced.
type device struct {
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newDevice() *device {
	d := &device{
		rp: virtualwebauthn.RelyingParty{Name: "app", ID: "app.example.org", Origin: "https://app.example.org"},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{
			BackupEligible: true, BackupState: true,
		}),
	}
	// The library writes coordinates that begin with a zero too short.
	for len(d.key.ID) == 0 || len(d.key.Key.AttestationData()) != 77 {
		d.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return d
}

// create answers options of a registration, and keeps whose the passkey is.
func (d *device) create(t *testing.T, options string) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(options)
	if err != nil {
		t.Fatalf("%v: %s", err, options)
	}
	d.auth.Options.UserHandle = []byte(o.UserID)
	return envelope(virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *o), "")
}

// get answers options of a login.
func (d *device) get(t *testing.T, options string) string {
	t.Helper()
	return d.answer(t, options, "")
}

// answer is get, in a login that waits.
func (d *device) answer(t *testing.T, options, pending string) string {
	t.Helper()
	return envelope(d.sign(t, options), pending)
}

func (d *device) sign(t *testing.T, options string) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatalf("%v: %s", err, options)
	}
	d.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *o)
}

// signed is get with the client's data changed before it is signed.
func (d *device) signed(t *testing.T, options string, change func(client string) string) string {
	t.Helper()
	var answer struct {
		Type, ID, RawID string
		Response        struct{ AuthenticatorData, ClientDataJSON, Signature, UserHandle string }
	}
	if err := json.Unmarshal([]byte(d.sign(t, options)), &answer); err != nil {
		t.Fatal(err)
	}
	client, err1 := base64.RawURLEncoding.DecodeString(answer.Response.ClientDataJSON)
	data, err2 := base64.RawURLEncoding.DecodeString(answer.Response.AuthenticatorData)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	turned := change(string(client))
	if turned == string(client) {
		t.Fatalf("nothing is changed in %s", client)
	}
	hash := sha256.Sum256([]byte(turned))
	digest := sha256.Sum256(append(data, hash[:]...))
	signature, err := d.key.Key.Sign(digest[:])
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(map[string]any{
		"type": answer.Type, "id": answer.ID, "rawId": answer.RawID, "response": map[string]any{
			"authenticatorData": answer.Response.AuthenticatorData, "clientDataJSON": b64([]byte(turned)),
			"signature": b64(signature), "userHandle": answer.Response.UserHandle,
		},
	})
	return envelope(string(text), "")
}

// envelope is the body that a client sends.
func envelope(credential, pending string) string {
	body := map[string]any{"credential": json.RawMessage(credential)}
	if pending != "" {
		body["pending"] = pending
	}
	text, _ := json.Marshal(body) // a test's own values always marshal
	return string(text)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
