package latchkey_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// What docs/guides/oauth.md shows, executed.

// callAPI is docs/guides/oauth.md's call of a provider's API.
func callAPI(ctx context.Context, social *oauth.OAuth, userID string, request *http.Request) (*http.Response, error) {
	token, err := social.Token(ctx, userID, "acme")
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(request)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	_ = resp.Body.Close()
	if token, err = social.Renew(ctx, userID, "acme", token); err != nil {
		return nil, err // core.ErrInvalid: the user has to log in at the provider again
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return http.DefaultClient.Do(request)
}

func TestFieldF10TheGuidesCall(t *testing.T) {
	p := &rotating{timeless: true}
	id, nodes := nodes(t, p, memstore.NewTickets(nil), time.Time{})
	var presented []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented = append(presented, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer renewed 1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer api.Close()
	for range 2 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api.URL, nil)
		check(t, err, nil)
		resp, err := callAPI(t.Context(), nodes[0], id, r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v", resp, err)
		}
		check(t, resp.Body.Close(), nil)
	}
	if len(presented) != 3 || p.asked != 1 {
		t.Errorf("the API was called with %q, after %d renewals", presented, p.asked)
	}
}
