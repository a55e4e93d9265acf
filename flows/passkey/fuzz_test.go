package passkey

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/latchkey-go/latchkey/core"
)

// FuzzAnswers: whatever a client sends as a passkey's answer, it is judged, and
// nothing panics.
func FuzzAnswers(f *testing.F) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		f.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		client, _ := hex.DecodeString(v.Create.Client)
		object, _ := hex.DecodeString(v.Create.Object)
		data, _ := hex.DecodeString(v.Get.Data)
		signature, _ := hex.DecodeString(v.Get.Signature)
		f.Add(client, object, data, signature)
	}
	p, err := Options{Verification: Preferred}.party(&url.URL{Scheme: "https", Host: "example.org"})
	if err != nil {
		f.Fatal(err)
	}
	o := ownerOf(&core.User{ID: "1"})
	f.Fuzz(func(t *testing.T, client, object, data, signature []byte) {
		answer := func(response map[string][]byte) []byte {
			text, err := json.Marshal(map[string]any{
				"id": "AQ", "rawId": "AQ", "type": "public-key", "response": encoded(response),
			})
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		r := record{ID: []byte{1}}
		challenge := make([]byte, 64)
		created, err := protocol.ParseCredentialCreationResponseBytes(
			answer(map[string][]byte{"clientDataJSON": client, "attestationObject": object}))
		if err == nil {
			challenge, _ = base64.RawURLEncoding.DecodeString(created.Response.CollectedClientData.Challenge)
			if len(challenge) < 16 {
				return // which is none of ours
			}
			r.PublicKey = created.Response.AttestationObject.AuthData.AttData.CredentialPublicKey
			_, _ = p.accept(o, challenge, created)
		}
		asserted, err := protocol.ParseCredentialRequestResponseBytes(
			answer(map[string][]byte{"clientDataJSON": client, "authenticatorData": data, "signature": signature}))
		if err == nil {
			if _, err := p.judge(o, r, false, challenge, protocol.VerificationPreferred, asserted); err == nil {
				t.Error("what nobody signed is a proof")
			}
		}
	})
}

func encoded(response map[string][]byte) map[string]protocol.URLEncodedBase64 {
	out := map[string]protocol.URLEncodedBase64{}
	for name, b := range response {
		out[name] = b
	}
	return out
}
