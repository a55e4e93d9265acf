package passkey_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// The flags of authenticator data, WebAuthn 3, section 6.1.
const (
	flagUP byte = 1 << 0
	flagUV byte = 1 << 2
	flagBE byte = 1 << 3
	flagBS byte = 1 << 4
	flagAT byte = 1 << 6
)

// authenticator is one passkey and the browser around it. Its fields are what a
// test may turn wrong.
type authenticator struct {
	t      testing.TB
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte // kept at the registration
	flags  byte
	count  uint32
	origin string
	rpID   string // "" for that of the options
	typ    string // "" for the right one
	client map[string]any
	output map[string]any // extensions
	public []byte         // nil for the key's own COSE_Key
}

// newAuthenticator makes one that is synced and verifies its user.
func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &authenticator{t: t, key: key, id: id, flags: flagUP | flagUV | flagBE | flagBS, origin: origin}
}

const origin = "https://app.example.org"

// requested is what a browser reads of options.
type requested struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		RP        struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"rp"`
		User struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"user"`
		Allow     []struct{ ID string } `json:"allowCredentials"`
		Exclude   []struct{ ID string } `json:"excludeCredentials"`
		Verify    string                `json:"userVerification"`
		Selection struct {
			Resident string `json:"residentKey"`
			Verify   string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		Attestation string `json:"attestation"`
		Timeout     int    `json:"timeout"`
	} `json:"publicKey"`
	ExpiresIn int `json:"expires_in"`
}

func (a *authenticator) clientData(typ, challenge string) []byte {
	if a.typ != "" {
		typ = a.typ
	}
	data := map[string]any{"type": typ, "challenge": challenge, "origin": a.origin}
	for name, value := range a.client {
		data[name] = value
	}
	text, err := json.Marshal(data)
	if err != nil {
		a.t.Fatal(err)
	}
	return text
}

func (a *authenticator) data(rpID string, flags byte) []byte {
	if a.rpID != "" {
		rpID = a.rpID
	}
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.count)
}

// create returns what navigator.credentials.create does, without attestation.
func (a *authenticator) create(o requested) string {
	a.handle = unb64(a.t, o.PublicKey.User.ID)
	data := a.data(o.PublicKey.RP.ID, a.flags|flagAT)
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(data, a.id...)
	data = append(data, a.cose()...)
	// {"fmt": "none", "attStmt": {}, "authData": h'…'} in CBOR.
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59")
	object = binary.BigEndian.AppendUint16(object, uint16(len(data)))
	object = append(object, data...)
	return a.text(map[string]any{
		"clientDataJSON":    b64(a.clientData("webauthn.create", o.PublicKey.Challenge)),
		"attestationObject": b64(object), "transports": []string{"internal", "hybrid"},
	})
}

// cose is the public key as a COSE_Key: EC2, ES256, P-256.
func (a *authenticator) cose() []byte {
	if a.public != nil {
		return a.public
	}
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	out := append([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33]...)
	return append(append(out, 0x22, 0x58, 32), point[33:]...)
}

// get returns what navigator.credentials.get does.
func (a *authenticator) get(o requested) string {
	client := a.clientData("webauthn.get", o.PublicKey.Challenge)
	data := a.data(o.PublicKey.RPID, a.flags)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	response := map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature),
	}
	if a.handle != nil {
		response["userHandle"] = b64(a.handle)
	}
	return a.text(response)
}

// text is the credential as toJSON has it.
func (a *authenticator) text(response map[string]any) string {
	output := a.output
	if output == nil {
		output = map[string]any{}
	}
	text, err := json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": output, "response": response,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return string(text)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func unb64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
