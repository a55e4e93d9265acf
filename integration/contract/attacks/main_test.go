package attacks_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestMain(m *testing.M) { harness.Main(m, harness.OAuthRoutes) }
