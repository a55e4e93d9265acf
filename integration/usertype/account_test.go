package usertype_test

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey"
)

// Account is the user of an application, with a field of each kind.
type Account struct {
	latchkey.User // id, email, is_active, …: by value and without a tag

	// Name must be there when somebody registers, and they may change it.
	Name string `json:"name" auth:"register,required,update"`
	// Nick may be left out or null: then it is nil, and NULL in SQL.
	Nick *string `json:"nick" auth:"register,update"`
	// Plan is chosen at registration. Its type refuses what is no plan.
	Plan Plan `json:"plan" auth:"register"`
	// Topics are a list, for clients and in SQL.
	Topics Topics `json:"topics" auth:"update"`
	// Credits are shown to clients. Only the program changes them.
	Credits int `json:"credits"`
	// Renewed is shown once it is set: the zero time is left out.
	Renewed time.Time `json:"renewed,omitzero"`
	// Customer has no json tag, so it is never sent. The other tags name
	// its column or field, of which an application needs its store's alone.
	Customer string `db:"stripe_id" bun:"stripe_id" gorm:"column:stripe_id" bson:"stripe_id"`
	// Draft is neither sent nor stored.
	Draft string `json:"-" db:"-" bun:"-" gorm:"-" bson:"-"`
	// Address has columns and members beside the others.
	Address
}

// Address is a part of a user that is easier to pass around in one piece.
type Address struct {
	City string `json:"city" auth:"register,update"`
}

// Plan is what somebody pays for.
type Plan string

// UnmarshalText reads what a client sends; its error is a 422.
func (p *Plan) UnmarshalText(text []byte) error {
	switch plan := Plan(text); plan {
	case "free", "team":
		*p = plan
		return nil
	}
	return errors.New("no such plan")
}

// Topics are stored as JSON: SQL has no lists.
type Topics []string

// Value implements driver.Valuer.
func (t Topics) Value() (driver.Value, error) {
	text, err := json.Marshal(t)
	return string(text), err
}

// Scan implements sql.Scanner. NULL is what a user has who was there before the
// column.
func (t *Topics) Scan(value any) error {
	switch text := value.(type) {
	case nil:
		*t = nil
		return nil
	case string:
		return json.Unmarshal([]byte(text), t)
	case []byte:
		return json.Unmarshal(text, t)
	}
	return fmt.Errorf("topics in a %T", value)
}
