package jwt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Extra adds claims to tokens and reads them back. [Claims] makes one.
type Extra interface {
	check() error
	fill(ctx context.Context, l core.Login) (map[string]json.RawMessage, error)
	read(payload []byte) (any, error)
}

// Claims adds what fill returns to every token, as top-level claims, and makes
// it available through [ClaimsFrom]. C is a struct with JSON tags, none of
// which is a claim of this package's own. The claims are as old as the token:
// what must be up to date belongs in the user. An error from fill fails the
// login. Tokens whose claims no longer fit C are invalid.
func Claims[C any](fill func(ctx context.Context, l core.Login) (C, error)) Extra {
	return extra[C]{fill}
}

// ClaimsFrom returns a session's extra claims, read-only. It returns false for
// a session of another strategy, of a [Legacy] token, or with claims of another
// type.
func ClaimsFrom[C any](s *core.Session) (*C, bool) {
	c, ok := s.Extra.(*C)
	return c, ok
}

type extra[C any] struct {
	make func(context.Context, core.Login) (C, error)
}

func (e extra[C]) check() error {
	if e.make == nil {
		return errors.New("jwt: Claims without a function")
	}
	t := reflect.TypeFor[C]()
	if t.Kind() != reflect.Struct {
		return errors.New("jwt: the type of Claims is not a struct")
	}
	var problems []error
	for _, field := range reflect.VisibleFields(t) {
		if name := claimName(field); name != "" && isReserved(name) {
			problems = append(problems, fmt.Errorf("jwt: %v has the reserved claim %q", t, name))
		}
	}
	return errors.Join(problems...)
}

// claimName returns the name that encoding/json uses for a field, or "" for
// none.
func claimName(field reflect.StructField) string {
	tag := field.Tag.Get("json")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case !field.IsExported() || tag == "-", field.Anonymous && name == "":
		return ""
	case name == "":
		return field.Name
	}
	return name
}

// isReserved ignores letter case, as encoding/json does when it decodes into a
// struct.
func isReserved(name string) bool {
	return slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) })
}

func (e extra[C]) fill(ctx context.Context, l core.Login) (map[string]json.RawMessage, error) {
	c, err := e.make(ctx, l)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(encoded, &members) != nil || members == nil {
		return nil, fmt.Errorf("%T does not encode to an object", c)
	}
	for name := range members {
		if isReserved(name) { // from a MarshalJSON method, which check cannot look into
			return nil, fmt.Errorf("%T has the reserved claim %q", c, name)
		}
	}
	return members, nil
}

func (extra[C]) read(payload []byte) (any, error) {
	c := new(C)
	return c, json.Unmarshal(payload, c)
}
