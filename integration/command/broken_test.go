package command_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

func TestMissingTables(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, s *shop) {
		for _, args := range []string{
			"users list", "users show ada@example.org", "users create ada@example.org --no-password",
		} {
			s.want(5, args, "migrate up makes them")
		}
		s.want(0, "migrate up")
		s.want(0, "users create ada@example.org --no-password")
	})
}

func TestADatabaseThatIsDown(t *testing.T) {
	t.Parallel()
	process := server.StartPostgres(t)
	s := &shop{t: t, driver: "pgx", dialect: sqlstore.PostgreSQL, address: process.URL(),
		random: newRandom()}
	s.want(0, "migrate up")
	s.want(0, "users create ada@example.org --no-password")
	process.Stop()
	for _, args := range []string{
		"users list", "users show ada@example.org", "users superuser ada@example.org", "sessions list ada@example.org", "migrate status",
		"migrate up", "sweep", "users delete ada@example.org --yes",
	} {
		s.want(5, args, "Is the server running")
	}
	s.want(1, "doctor", "STORE_UNREACHABLE")
	process.Start()
	s.want(0, "users show ada@example.org", "ada@example.org")
}
