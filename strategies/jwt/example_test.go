package jwt_test

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

func Example() {
	secret := make([]byte, 32) // in production, from a secret manager
	_, _ = rand.Read(secret)
	key, err := jwt.HS256("2026-01", secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	strategy, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	token, _ := strategy.Issue(ctx, core.Login{Session: core.Session{UserID: "ada", Backend: "api", Epoch: 3}})
	found, err := strategy.Verify(ctx, token.Raw)
	fmt.Println(found.UserID, found.Backend, found.Epoch, err)
	_, err = strategy.Verify(ctx, token.Raw[:len(token.Raw)-4])
	fmt.Println(err)
	// Output:
	// ada api 3 <nil>
	// latchkey: invalid credential
}

func ExampleNew_rotation() {
	fresh, err := jwt.EdDSA("2026-06", edKey())
	if err != nil {
		fmt.Println(err)
		return
	}
	old, err := jwt.RS256Public("2026-01", &rsaKey().PublicKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The new key signs. Tokens of the old one stay valid until they
	// expire; then the old key is removed.
	strategy, err := jwt.New(jwt.Options{Keys: []jwt.Key{fresh, old}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(strategy.PublicKeys()), "keys for others to verify with")
	// Output: 2 keys for others to verify with
}

func ExampleClaims() {
	type Plan struct {
		Plan string `json:"plan"`
	}
	key, _ := jwt.HS256("2026-01", goodSecret)
	strategy, err := jwt.New(jwt.Options{
		Keys: []jwt.Key{key},
		Extra: jwt.Claims(func(_ context.Context, l core.Login) (Plan, error) {
			return Plan{Plan: "gold of " + l.Session.UserID}, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	token, _ := strategy.Issue(ctx, core.Login{Session: core.Session{UserID: "ada", Backend: "api"}})
	found, _ := strategy.Verify(ctx, token.Raw)
	if claims, ok := jwt.ClaimsFrom[Plan](found.Session); ok {
		fmt.Println(claims.Plan)
	}
	// Output: gold of ada
}

func ExampleLegacy() {
	// The secret that the FastAPI Users service signs with, which may be
	// weaker than what HS256 accepts.
	old, err := jwt.InsecureHS256([]byte("SECRET-SECRET-SECRET-SECRET-SECRET"))
	if err != nil {
		fmt.Println(err)
		return
	}
	key, _ := jwt.HS256("2026-01", goodSecret)
	_, err = jwt.New(jwt.Options{Keys: []jwt.Key{key}, Legacy: &jwt.Legacy{Key: old, Backend: "api"}})
	fmt.Println(err)
	// Output: <nil>
}
