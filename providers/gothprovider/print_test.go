package gothprovider_test

import (
	"testing"

	"github.com/markbates/goth/providers/github"

	leak "github.com/latchkey-go/latchkey/internal/canary"
	"github.com/latchkey-go/latchkey/providers/gothprovider"
)

func TestL11Provider(t *testing.T) {
	t.Run("L11 provider", func(t *testing.T) {
		p, err := gothprovider.New(github.New("id", leak.Secret, "https://app.example.com/callback"), gothprovider.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range append(leak.Value(p, leak.Secret), leak.Value(*p, leak.Secret)...) {
			t.Error(problem)
		}
	})
	t.Run("L11 options", func(t *testing.T) {
		for _, problem := range leak.Options(gothprovider.Options{}) {
			t.Error(problem)
		}
	})
}
