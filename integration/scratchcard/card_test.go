package scratchcard_test

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/integration/scratchcard"
)

// What another project's factor needs is in core.
func TestItImportsCoreAlone(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "card.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil || strings.Contains(path, ".") && path != "github.com/latchkey-go/latchkey/core" {
			t.Errorf("it imports %s, %v", path, err)
		}
	}
}

type member struct{ latchkey.User }

// The kit for flows finds nothing wrong.
func TestKit(t *testing.T) {
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return &scratchcard.Flow{} },
		New: func(t *testing.T, f core.Flow) core.Group {
			return authtest.New(t, latchkey.Options[member]{Flows: []latchkey.Flow{f}}).Flow(f.Name(), "web")
		},
		Use: func(word string) flowtest.Request {
			return flowtest.Request{Route: "POST /card", JSON: fmt.Sprintf(`{"pending": "{pending}", "word": %q}`, word)}
		},
		Grant: func(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
			words, _, err := scratchcard.Issue(ctx, svc, u)
			if err != nil {
				return "", err
			}
			return words[0], nil
		},
		// A card is its owner's, whatever changes.
		Unlimited: true, Survives: []flowtest.Change{flowtest.Epoch, flowtest.Address},
	})
}
