package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// demonstrate lets a session begin at one node and be revoked at the other.
func demonstrate(ctx context.Context, a, b *node) error {
	person := fmt.Sprintf(`{"email": "ada-%s@example.org", "password": "analytical engine"}`,
		strings.ToLower(rand.Text()[:8]))
	if _, err := a.ask(ctx, "POST", "/auth/register", "", person, 201); err != nil {
		return err
	}
	fmt.Printf("  registered at %s\n", a.name)
	answer, err := a.ask(ctx, "POST", "/auth/session/login", "", person, 200)
	if err != nil {
		return err
	}
	var login struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &login); err != nil {
		return err
	}
	fmt.Printf("  logged in at %s\n", a.name)
	for _, n := range []*node{a, b} { // so that both have it in their caches
		if _, err := n.ask(ctx, "GET", "/users/me", login.Token, "", 200); err != nil {
			return err
		}
		fmt.Printf("  the session is valid at %s\n", n.name)
	}
	if _, err := b.ask(ctx, "POST", "/auth/session/logout", login.Token, "", 204); err != nil {
		return err
	}
	ended := time.Now()
	fmt.Printf("  logged out at %s\n", b.name)
	if _, err := b.ask(ctx, "GET", "/users/me", login.Token, "", 401); err != nil {
		return err
	}
	for { // Redis notifies A at once; the bound is 5 s
		if _, err = a.ask(ctx, "GET", "/users/me", login.Token, "", 401); err == nil {
			break
		}
		if time.Since(ended) > 5*time.Second {
			return err
		}
	}
	fmt.Printf("  the session is refused at both, at %s %v after the logout at %s\n\n", a.name,
		time.Since(ended).Round(time.Millisecond), b.name)
	return nil
}

// ask returns the response's body, and an error if its status is not the
// expected one.
func (n *node) ask(ctx context.Context, method, path, token, body string, want int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, n.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s at %s: got %d, want %d", method, path, n.name, resp.StatusCode, want)
	}
	return answer, err
}
