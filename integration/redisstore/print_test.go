package redisstore_test

import (
	"context"
	"testing"

	"github.com/redis/rueidis"

	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/internal/canary"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

func TestL11Store(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	user := client.B().AclSetuser().Username("ada").Rule("on", ">"+canary.Secret, "~*", "&*", "+@all").Build()
	if err := client.Do(t.Context(), user).Error(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Do(context.Background(), client.B().AclDeluser().Username("ada").Build()) })
	for name, shared := range map[string]rueidis.ClientOption{
		"L11 one server": {},
		"L11 standalone": {ForceSingleClient: true},
	} {
		t.Run(name, func(t *testing.T) {
			shared.InitAddress, shared.Username, shared.Password = []string{addr}, "ada", canary.Secret
			store := connect(t, shared, redisstore.Options{})
			problems := append(canary.Value(store, canary.Secret), canary.Value(*store, canary.Secret)...)
			problems = append(problems, canary.Value(store.Sessions(), canary.Secret)...)
			problems = append(problems, canary.Value(store.Tickets(), canary.Secret)...)
			for _, problem := range append(problems, canary.Value(store.Limiter(), canary.Secret)...) {
				t.Error(problem)
			}
		})
	}
}
