package main

import (
	"testing"

	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/internal/canary"
)

func TestL11Config(t *testing.T) {
	t.Run("L11 config", func(t *testing.T) {
		cfg := config{vault: []oauth.Key{{ID: "v1", Secret: []byte(canary.Secret)}}}
		for _, problem := range canary.Options(cfg, "addr", "baseURL", "databasePath", "localProviderAddr") {
			t.Error(problem)
		}
	})
}
