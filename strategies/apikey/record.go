package apikey

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// record is a key as it is verified.
type record struct {
	core.Session
	used bool // LastSeen is when it was used, else when it was made
}

// data is the Data of a credential.
type data struct {
	Hint   string   `json:"h"`
	Scopes []string `json:"s"`
	// Rotated: it has a successor.
	Rotated bool `json:"r,omitempty"`
}

func dataOf(c *core.Credential) (d data, err error) {
	if err := json.Unmarshal(c.Data, &d); err != nil {
		return d, fmt.Errorf("apikey: the key %s cannot be read: %w", c.ID, err)
	}
	return d, nil
}

// record returns the key that a credential keeps.
func (s *Strategy) record(c *core.Credential) (*record, error) {
	d, err := dataOf(c)
	if err != nil {
		return nil, err
	}
	key := &record{used: !c.Used.IsZero(), Session: core.Session{
		ID: c.ID, UserID: c.Owner, Backend: s.options.Backend, Label: c.Label, Epoch: core.AnyEpoch,
		Scopes:  append([]string{}, d.Scopes...), // never nil, which is everything
		Created: c.Created, LastSeen: c.Created, Expires: c.Expires,
	}}
	if key.used {
		key.LastSeen = c.Used
	}
	return key, nil
}

// Key is what its owner, and an operator, see of a key.
type Key struct {
	ID, Name string
	Hint     string // its last characters
	Scopes   []string
	// Used is zero for a key that was never used, Expires for one that
	// never expires.
	Created, Used, Expires time.Time
}

func keyFrom(c *core.Credential) (Key, error) {
	d, err := dataOf(c)
	return Key{
		ID: c.ID, Name: c.Label, Hint: d.Hint, Scopes: append([]string{}, d.Scopes...),
		Created: c.Created.UTC(), Used: c.Used.UTC(), Expires: c.Expires.UTC(),
	}, err
}
