package upgrade_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// wantCredentials checks that a migrated database keeps credentials of users of
// before, until these are deleted.
func wantCredentials(t *testing.T, p parts, emailKey string) {
	t.Helper()
	ctx, credentials := t.Context(), p.credentials
	u, err := p.users.Find(ctx, core.ByEmail(emailKey))
	if err != nil {
		t.Fatal(err)
	}
	codes := &core.Credential{Owner: u.ID, Kind: "recovery", Key: u.ID, Data: []byte("codes"), Created: now}
	if _, err := credentials.Find(ctx, "recovery", u.ID); err != core.ErrNotFound {
		t.Errorf("there is a credential already: %v", err)
	}
	if err := credentials.Create(ctx, codes, 1); err != nil {
		t.Fatal(err)
	}
	found, err := credentials.Find(ctx, "recovery", u.ID)
	if err != nil || found.Owner != u.ID || string(found.Data) != "codes" {
		t.Errorf("the credential is %v, %v", found, err)
	}
	if err := p.users.Delete(ctx, u.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := credentials.Find(ctx, "recovery", u.ID); err != core.ErrNotFound {
		t.Errorf("the deleted user's credential: %v", err)
	}
}
