package passkey

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/latchkey-go/latchkey/core"
)

// vector is an example of Web Authentication Level 3, section 16 ("Test
// Vectors"), in hexadecimal: a registration, and a login by what it made.
type vector struct {
	Name   string
	Framed bool
	ID     string
	Create struct{ Challenge, Client, Object string }
	Get    struct{ Challenge, Client, Data, Signature string }
}

// Each example is judged as the specification's own relying party, at
// https://example.org, would: those of frames are refused, and what shows
// presence alone is where verification is required.
func TestVectorsOfTheSpecification(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) < 14 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, v := range vectors {
		for _, verification := range []Verification{Required, Preferred} {
			t.Run(v.Name+", "+string(verification), func(t *testing.T) {
				t.Parallel()
				v.check(t, verification)
			})
		}
	}
}

func (v vector) check(t *testing.T, verification Verification) {
	p, err := Options{Verification: verification}.party(&url.URL{Scheme: "https", Host: "example.org"})
	if err != nil {
		t.Fatal(err)
	}
	u := &core.User{ID: "1", Email: "ada@example.org"}
	created, err := protocol.ParseCredentialCreationResponseBytes(v.credential(t, map[string]string{
		"clientDataJSON": v.Create.Client, "attestationObject": v.Create.Object,
	}))
	if err != nil {
		t.Fatal(err)
	}
	flags := created.Response.AttestationObject.AuthData.Flags
	good := !v.Framed && (verification == Preferred || flags.HasUserVerified())
	r, err := p.accept(ownerOf(u), fromHex(t, v.Create.Challenge), created)
	if good != (err == nil) || err != nil && !errors.Is(err, core.Refuse(core.CodePasskeyRefused)) {
		t.Fatalf("the registration: %v, want it good: %t", err, good)
	}
	if !good {
		return
	}
	data, err := r.encode()
	if err != nil || len(data) > 8<<10 {
		t.Fatalf("a row of %d bytes, %v", len(data), err)
	}
	if r, err = decode(data); err != nil {
		t.Fatal(err)
	}
	verify := protocol.UserVerificationRequirement(verification)
	get := func(signature string) error {
		asserted, err := protocol.ParseCredentialRequestResponseBytes(v.credential(t, map[string]string{
			"clientDataJSON": v.Get.Client, "authenticatorData": v.Get.Data, "signature": signature,
		}))
		if err != nil {
			t.Fatal(err)
		}
		flags = asserted.Response.AuthenticatorData.Flags
		_, err = p.judge(ownerOf(u, r), r, false, fromHex(t, v.Get.Challenge), verify, asserted)
		return err
	}
	err = get(v.Get.Signature)
	good = verification == Preferred || flags.HasUserVerified()
	if good != (err == nil) {
		t.Errorf("the login: %v, want it good: %t", err, good)
	}
	wrong := fromHex(t, v.Get.Signature)
	wrong[len(wrong)-1] ^= 1
	if err := get(hex.EncodeToString(wrong)); !errors.Is(err, core.Refuse(core.CodePasskeyRefused)) {
		t.Errorf("another signature: %v", err)
	}
}

// credential is the JSON of a credential with these members, in hexadecimal.
func (v vector) credential(t *testing.T, response map[string]string) []byte {
	t.Helper()
	encoded := map[string]string{}
	for name, text := range response {
		encoded[name] = base64.RawURLEncoding.EncodeToString(fromHex(t, text))
	}
	id := base64.RawURLEncoding.EncodeToString(fromHex(t, v.ID))
	text, err := json.Marshal(map[string]any{
		"id": id, "rawId": id, "type": "public-key", "response": encoded, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func fromHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
