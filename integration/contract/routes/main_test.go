package routes_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestMain fails where no test drives a status that the OpenAPI document has.
func TestMain(m *testing.M) { harness.Main(m) }
