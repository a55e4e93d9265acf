package jwt_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

type plan struct {
	Plan  string   `json:"plan"`
	Roles []string `json:"roles,omitempty"`
}

// Reserved is embedded in a struct, where its claims must be found.
type Reserved struct {
	JTI string `json:"jti"`
}

// sly shows its claims only when it is encoded.
type sly struct{}

func (sly) MarshalJSON() ([]byte, error) { return []byte(`{"sub":"root"}`), nil }

func claimsOf[C any](c C) jwt.Extra {
	return jwt.Claims(func(context.Context, core.Login) (C, error) { return c, nil })
}

func TestExtraClaims(t *testing.T) {
	want := plan{Plan: "gold", Roles: []string{"editor", "owner"}}
	s := newStrategy(t, jwt.Options{Extra: claimsOf(want)})
	token := issue(t, s)
	session := accepted(t, s, token)
	if got, ok := jwt.ClaimsFrom[plan](session); !ok || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %v, %t", got, ok)
	}
	if _, ok := jwt.ClaimsFrom[Reserved](session); ok {
		t.Error("claims of another type")
	}
	if _, ok := jwt.ClaimsFrom[plan](accepted(t, newStrategy(t, jwt.Options{}), token)); ok {
		t.Error("claims without Extra")
	}
	if _, claims := decode(t, token); claims["plan"] != "gold" || claims["sub"] != "ada" {
		t.Errorf("got %v", claims)
	}
	t.Run("that do not fit any more", func(t *testing.T) {
		refused(t, newStrategy(t, jwt.Options{Extra: claimsOf(struct {
			Plan int `json:"plan"`
		}{})}), token)
	})
	t.Run("reserved, seen late", func(t *testing.T) {
		if _, err := newStrategy(t, jwt.Options{Extra: claimsOf(sly{})}).Issue(t.Context(), login()); err == nil {
			t.Error("issued")
		}
	})
	t.Run("the function's error fails the login", func(t *testing.T) {
		down := errors.New("billing is down")
		s := newStrategy(t, jwt.Options{Extra: jwt.Claims(func(context.Context, core.Login) (plan, error) {
			return plan{},
				down
		})})
		if _, err := s.Issue(t.Context(), login()); !errors.Is(err, down) {
			t.Errorf("got %v", err)
		}
	})
}
