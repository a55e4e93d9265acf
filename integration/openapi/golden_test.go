package openapi_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/latchkey-go/latchkey/openapi"
)

var update = flag.Bool("update", false, "write openapi.json")

func TestTheDocumentIsTheCommittedOne(t *testing.T) {
	text := append(newApp(t, openapi.Options{Title: "Shop"}).doc.JSON(), '\n')
	if *update {
		if err := os.WriteFile("openapi.json", text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("openapi.json")
	if err != nil || !bytes.Equal(committed, text) {
		t.Errorf("openapi.json is another one (%v): go generate writes it, and the clients of it", err)
	}
}
