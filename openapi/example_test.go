package openapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi"
)

// greeting is what an application's own route answers with.
type greeting struct {
	Text string `json:"text" openapi:"example=Hello!"`
}

// greetings stands for the groups of a *latchkey.Auth.
func greetings() core.Group {
	return core.Group{{
		Route: core.Route{
			Name: "greetings:first", Method: http.MethodGet, Pattern: "/first", Public: true,
			Doc: core.Doc{
				Summary: "The first greeting", Status: http.StatusOK, Answer: greeting{}, Codes: []string{"TOO_EARLY"},
			},
		},
		Serve: func(context.Context, *core.Request) *core.Response { return core.Empty(http.StatusOK) },
	}}
}

func ExampleNew() {
	doc, err := openapi.New(openapi.Options{
		Title: "Greetings", Codes: map[string]string{"TOO_EARLY": "Nobody is up yet."},
	}, greetings().At("/greetings"))
	if err != nil {
		panic(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			ID        string `json:"operationId"`
			Responses map[string]struct {
				Content map[string]struct {
					Examples map[string]struct{ Summary string }
				}
			}
		}
	}
	if err := json.Unmarshal(doc.JSON(), &d); err != nil {
		panic(err)
	}
	op := d.Paths["/greetings/first"]["get"]
	fmt.Println(op.ID)
	fmt.Println(op.Responses["400"].Content["application/json"].Examples["TOO_EARLY"].Summary)
	// Output:
	// greetingsFirst
	// Nobody is up yet.
}

func ExampleChecker() {
	doc, err := openapi.New(openapi.Options{}, greetings())
	if err != nil {
		panic(err)
	}
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"text": 5}`))
	})

	checker := doc.Checker()
	h := checker.Handler(app, func(err error) { fmt.Println("it reports an error:", err != nil) })
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/first", nil))
	fmt.Println(checker.Missing())
	// Output:
	// it reports an error: true
	// [GET /first 400 GET /first 503]
}

func ExampleMerge() {
	doc, err := openapi.New(openapi.Options{}, greetings())
	if err != nil {
		panic(err)
	}
	theirs := []byte(`{"openapi": "3.1.0", "info": {"title": "Shop", "version": "7"}, "paths": {"/goods": {}}}`)
	merged, err := openapi.Merge(theirs, doc.JSON())
	if err != nil {
		panic(err)
	}
	var d struct {
		Info  struct{ Title string }
		Paths map[string]any
	}
	if err := json.Unmarshal(merged, &d); err != nil {
		panic(err)
	}
	fmt.Println(d.Info.Title, len(d.Paths))
	// Output: Shop 2
}
