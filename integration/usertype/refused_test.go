package usertype_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// Types that latchkey.New refuses.
type (
	pointed struct{ *latchkey.User }
	tagged  struct {
		latchkey.User `json:"user"`
	}
	marshaled struct{ latchkey.User }
	shadowing struct {
		latchkey.User
		Email string `json:"mail"`
	}
	unnamed struct {
		latchkey.User
		Name string `auth:"register"`
	}
	misspelt struct {
		latchkey.User
		Name string `json:"name" auth:"registration"`
	}
	required struct {
		latchkey.User
		Name string `json:"name" auth:"update,required"`
	}
	reserved struct {
		latchkey.User
		Password string `json:"password"`
	}
	twice struct {
		latchkey.User
		Name string `json:"name"`
		Nick string `json:"Name"`
	}
	part struct {
		latchkey.User
		*Address
	}
)

// MarshalJSON would replace the public form.
func (marshaled) MarshalJSON() ([]byte, error) { return json.Marshal("everything") }

func TestTypesThatNewRefuses(t *testing.T) {
	refused[marshaled](t, "it implements json.Marshaler")
	refused[shadowing](t, "field Email shadows a column of latchkey.User")
	refused[unnamed](t, "field Name has an auth tag and no JSON name")
	refused[misspelt](t, `auth tag "registration" is none of register, update, required`)
	refused[required](t, `auth:"required" needs "register" beside it`)
	refused[reserved](t, `the JSON name "password" is taken`)
	refused[twice](t, `the JSON name "Name" is taken by field Name`)
	refused[part](t, "embedded pointer Address: embed it by value")
	refused[pointed](t, "embed latchkey.User by value")
	refused[tagged](t, "embed latchkey.User without the json tag")
}

func refused[U any, P core.Model[U]](t *testing.T, want string) {
	t.Helper()
	_, err := latchkey.New[U, P](memstore.NewUsers[U, P](), latchkey.Options[U]{})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// listed has a column that database/sql has no type for.
type listed struct {
	latchkey.User
	Topics []string
	Where  Address
}

func TestTypesThatSQLStoreRefuses(t *testing.T) {
	d := databases["SQLite"]
	store, err := sqlstore.New(d.open(t), d.dialect, sqlstore.Options{})
	fatal(t, err)
	_, err = sqlstore.Users[listed](store)
	for _, want := range []string{"listed.Topics: no column holds values of []string", "listed.Where: no column holds"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
