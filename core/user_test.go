package core_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestSecretsDoNotPrint(t *testing.T) {
	const secret = "s3cr3t"
	u := account{User: core.User{ID: "1", HashedPassword: secret}}
	token := core.Token{Raw: secret, Refresh: secret}
	mail := core.Mail{To: "a@b.example", Kind: core.MailReset, Token: secret, Link: "https://app.example/#" + secret}

	plain, every := []string{"%v", "%+v", "%#v", "%s", "%q", "%x"},
		[]string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c"}
	for _, c := range []struct {
		name  string
		value any
		verbs []string
	}{
		{"hash", u.HashedPassword, every},
		{"user", u, every},
		{"user's pointer", &u, every},
		{"token", token, plain},
		{"token's pointer", &token, plain},
		{"admission", core.Admission{Token: token}, plain},
		{"mail", mail, plain},
		{"mails", []core.Mail{mail}, plain},
		{"session with its user", core.Found{User: &u}, plain[:3]},
	} {
		for _, verb := range c.verbs {
			out := strings.ToLower(fmt.Sprintf(verb, c.value))
			if strings.Contains(out, secret) || strings.Contains(out, hex.EncodeToString([]byte(secret))) {
				t.Errorf("%s under %s: %s", c.name, verb, out)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("", "v", c.value)
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s in a text log: %s", c.name, &log)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("", "hash", u.HashedPassword, "user", u, "pointer", &u)
	if strings.Contains(log.String(), secret) {
		t.Errorf("in a JSON log: %s", &log)
	}
	if got := fmt.Sprint(u.HashedPassword); got != "[hash]" {
		t.Errorf("a hash prints as %q", got)
	}
}

func TestUserJSON(t *testing.T) {
	b, err := json.Marshal(core.User{ID: "1", Email: "A@b.example", EmailKey: "a@b.example", HashedPassword: "h",
		IsActive: true, TokenEpoch: 7})
	want := `{"id":"1","email":"A@b.example","is_active":true,"is_superuser":false,"is_verified":false}`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
}

func TestKeys(t *testing.T) {
	u := &account{User: core.User{ID: "1"}}
	if u.Base() != &u.User {
		t.Error("Base is not the embedded user")
	}
	if core.ByID("1") != (core.Key{Kind: "id", Value: "1"}) ||
		core.ByEmail("a@b.example") != (core.Key{Kind: "email", Value: "a@b.example"}) {
		t.Error("keys differ from their documentation")
	}
}
