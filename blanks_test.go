package latchkey_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// TestFieldF19BlanksAroundAnAddress: keyboards add them; they are cut off
// wherever an address is taken, and one inside is refused.
func TestFieldF19BlanksAroundAnAddress(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil)
	register := func(email string, status int, part string) {
		a.want("POST", "/auth/register", "", `{"email": "`+email+`", "password": "`+password+`"}`, status, part)
	}
	register(` \tada@example.org\u00a0\n`, 201, `"email":"ada@example.org"`)
	register("ada@example.org ", 400, core.CodeRegisterUserExists)
	register("ada @example.org", 422, "email")
	register(" ", 422, "email")
	m := a.Manager()
	u, err := m.FindByEmail(t.Context(), "  ADA@example.org ")
	if err != nil || u.Email != "ada@example.org" {
		t.Fatalf("FindByEmail returned %+v, %v", u, err)
	}
	blanks := " \tAda@example.org\u00a0"
	u, err = m.Update(t.Context(), u.ID, latchkey.Changes[Member]{Email: &blanks})
	if err != nil || u.Email != "Ada@example.org" {
		t.Errorf("Update kept %+v, %v", u, err)
	}
	if _, err := m.Authenticate(t.Context(), " ada@example.org", password); err != nil {
		t.Errorf("Authenticate returned %v", err)
	}
	imported := &Member{User: latchkey.User{Email: " grace@example.org ", IsActive: true, CreatedAt: time.Now()}}
	if err := m.Import(t.Context(), imported, ""); err != nil || imported.Email != "grace@example.org" {
		t.Errorf("Import stored %q, %v", imported.Email, err)
	}
}
