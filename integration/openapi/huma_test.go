package openapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/openapi"
)

// good is what the shop sells.
type good struct {
	Body struct {
		Name string `json:"name"`
	}
}

// shop is an application's API by huma.
func shop() huma.API {
	api := humago.New(http.NewServeMux(), huma.DefaultConfig("Shop", "1.4.0"))
	huma.Get(api, "/goods/{id}", func(context.Context, *struct {
		ID string `path:"id"`
	}) (*good, error) {
		return &good{}, nil
	})
	return api
}

func mergedWithHuma(shop huma.API, auth core.Group) ([]byte, error) {
	ours, err := openapi.New(openapi.Options{ComponentPrefix: "Auth"}, auth)
	if err != nil {
		return nil, err
	}
	theirs, err := shop.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, err
	}
	return openapi.Merge(theirs, ours.JSON())
}

func TestMergedWithTheDocumentOfHuma(t *testing.T) {
	text, err := mergedWithHuma(shop(), newApp(t, openapi.Options{}).auth.Users().At("/users"))
	if err != nil {
		t.Fatal(err)
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		t.Error(err)
	}
	if doc.Info.Title != "Shop" || doc.Paths.Find("/goods/{id}") == nil || doc.Paths.Find("/users/me") == nil ||
		doc.Components.Schemas["ErrorModel"] == nil || doc.Components.Schemas["AuthErrorModel"] == nil {
		t.Errorf("merged, it is\n%s", text)
	}
	ours := newApp(t, openapi.Options{})
	theirs, err := shop().OpenAPI().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openapi.Merge(theirs, ours.doc.JSON()); err == nil ||
		!strings.Contains(err.Error(), "both have ErrorModel") {
		t.Errorf("without a prefix: %v", err)
	}
}
