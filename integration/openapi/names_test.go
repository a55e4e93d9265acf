package openapi_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/openapi"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// TestSchemasOfNames: a user may have a name, an address or both.
func TestSchemasOfNames(t *testing.T) {
	t.Parallel()
	type handled struct {
		latchkey.User
		latchkey.Named
		Nick string `json:"nick" auth:"register,required,update"`
	}
	for optional, want := range map[bool]map[string]string{
		true: {
			"UserCreate": "email? nick password username?", "UserRead": "email? id is_active is_superuser is_verified nick username?",
			"UserUpdateMe": "current_password? email? nick? password? username?",
		},
		false: {
			"UserCreate": "email nick password username?", "UserRead": "email id is_active is_superuser is_verified nick username?",
		},
	} {
		sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		auth, err := latchkey.New(memstore.NewUsers[handled](), latchkey.Options[handled]{
			Backends:      []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
			EmailOptional: optional,
		})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := openapi.New(openapi.Options{}, auth.API())
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Components struct {
				Schemas map[string]struct {
					Properties map[string]struct{ AnyOf []any }
					Required   []string
				}
			}
		}
		if err := json.Unmarshal(doc.JSON(), &d); err != nil {
			t.Fatal(err)
		}
		for name, members := range want {
			var got []string
			schema := d.Components.Schemas[name]
			for member, property := range schema.Properties {
				// What is answered is always there, and may be
				// null.
				if !slices.Contains(schema.Required, member) || len(property.AnyOf) == 2 {
					member += "?"
				}
				got = append(got, member)
			}
			slices.Sort(got)
			if all := strings.Join(got, " "); all != members {
				t.Errorf("EmailOptional %t: %s is %s, want %s", optional, name, all, members)
			}
		}
	}
}
