package importers_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/importers"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

func TestNamesOfUsers(t *testing.T) {
	t.Parallel()
	type handled struct {
		latchkey.User
		latchkey.Named
		Nick string `json:"nick" auth:"update"`
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	named := func(key, name string) importers.Record {
		raw, _ := json.Marshal(name)
		return importers.Record{Key: key, Email: key + "@example.org", Active: true, Own: core.Object{"username": raw}}
	}
	byOwner := importers.Record{Key: "e", Email: "e@example.org",
		ByOwner: core.Object{"username": json.RawMessage(`"eve"`)}}
	source := records{named("a", "Ada"), named("b", "ADA"), named("c", "c@example.org"), named("d", ""), byOwner}
	for rename, want := range map[string]struct {
		imported int
		reasons  []string
	}{
		"username": {3, []string{"the user name", "username: It is not a user name"}},
		"":         {5, nil},
		"nick":     {5, nil},
	} {
		auth, err := latchkey.New(memstore.NewUsers[handled](), latchkey.Options[handled]{
			Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		})
		if err != nil {
			t.Fatal(err)
		}
		report, err := importers.Run(t.Context(), auth.Manager(), source,
			importers.Options{Rename: map[string]string{"username": rename}})
		if err != nil || report.Imported != want.imported {
			t.Errorf("as %q: %v, %+v", rename, err, report)
		}
		for _, reason := range want.reasons {
			if !strings.Contains(report.String(), reason) {
				t.Errorf("as %q the report lacks %q:\n%v", rename, reason, report)
			}
		}
		u, err := auth.Manager().FindByUsername(t.Context(), "ada")
		if is := rename == "username"; is != (err == nil) || is && u.Email != "a@example.org" {
			t.Errorf("as %q the user is %+v, %v", rename, u, err)
		}
		if _, err := auth.Manager().FindByUsername(t.Context(), "eve"); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("as %q: what its owner has written is a name: %v", rename, err)
		}
	}
}
