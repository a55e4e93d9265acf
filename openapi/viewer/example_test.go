package viewer_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi/viewer"
)

func ExampleGroup() {
	docs := viewer.Group("openapi.json", viewer.Options{Title: "Shop"}).At("/docs")
	for _, e := range docs {
		fmt.Println(e.Method, e.Prefix+e.Pattern)
	}
	resp := docs[0].Serve(context.Background(), &core.Request{Head: head{}, Path: "/docs"})
	fmt.Println(resp.Status == http.StatusOK, resp.Type)
	// Output:
	// GET /docs
	// GET /docs/swagger-ui.css
	// GET /docs/swagger-ui-bundle.js
	// GET /docs/boot.js
	// true text/html; charset=utf-8
}
