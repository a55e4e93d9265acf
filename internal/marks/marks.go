// Package marks writes what few sessions have as one text: scopes, an
// organisation, an actor, that the session is brief. Stores keep it beside the
// columns that every session has.
//
//	text, err := marks.Of(session) // "" for most
//	err = marks.Add(&session, text)
//
// Security notes. Each of these bounds a session, so a text with a member that
// this release does not know is not read: what it says of the session's rights
// is unknown.
package marks

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// What Add cannot read.
var (
	// ErrLater is a text of a later release. The session is not to be
	// deleted for it.
	ErrLater = errors.New("a later release stored it")
	// ErrUnreadable is what no release has written.
	ErrUnreadable = errors.New("it cannot be read")
)

// text is the form in which marks are stored. Scopes is nil where the session's
// are, which is not the same as none.
type text struct {
	Scopes       *[]string `json:"scopes,omitempty"`
	Organization string    `json:"org,omitempty"`
	Actor        string    `json:"actor,omitempty"`
	ActorSession string    `json:"actor_session,omitempty"`
	ActorEpoch   int64     `json:"actor_epoch,omitempty"`
	Brief        bool      `json:"brief,omitempty"`
}

var members = []string{"scopes", "org", "actor", "actor_session", "actor_epoch", "brief"}

// Of returns the text of a session's marks, "" if it has none. Text that is not
// UTF-8 is an error, as JSON would change it.
func Of(s *core.Session) (string, error) {
	m := text{
		Organization: s.Organization, Actor: s.Actor, ActorSession: s.ActorSession, ActorEpoch: s.ActorEpoch, Brief: s.Brief,
	}
	if s.Scopes != nil {
		m.Scopes = &s.Scopes
	}
	if m == (text{}) {
		return "", nil
	}
	for _, part := range append([]string{s.Organization, s.Actor, s.ActorSession}, s.Scopes...) {
		if !utf8.ValidString(part) {
			return "", errors.New("a scope, an organisation or an actor of a session is not UTF-8")
		}
	}
	encoded, err := json.Marshal(m)
	return string(encoded), err
}

// Add sets the marks of a session to those of a text.
func Add(s *core.Session, stored string) error {
	if stored == "" {
		return nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(stored), &all); err != nil || all == nil {
		return ErrUnreadable
	}
	for name := range all {
		if !slices.Contains(members, name) {
			return fmt.Errorf("%w: the mark %q", ErrLater, name)
		}
	}
	var m text
	if err := json.NewDecoder(strings.NewReader(stored)).Decode(&m); err != nil {
		return ErrUnreadable
	}
	if m.Scopes != nil {
		if s.Scopes = *m.Scopes; s.Scopes == nil {
			return ErrUnreadable
		}
	} else if _, there := all["scopes"]; there { // null
		return ErrUnreadable
	}
	s.Organization, s.Actor, s.ActorSession, s.ActorEpoch = m.Organization, m.Actor, m.ActorSession, m.ActorEpoch
	s.Brief = m.Brief
	return nil
}
