package openapi_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/latchkey-go/latchkey/openapi"
)

// documents are those that must be valid: with either kind of operation IDs.
func documents(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"FastAPI's IDs": newApp(t, openapi.Options{}).doc.JSON(),
		"readable IDs, servers, a prefix": newApp(t, openapi.Options{
			OperationID: openapi.ReadableID, ComponentPrefix: "Auth", Servers: []string{"/v1", "https://shop.example/v2"},
		}).doc.JSON(),
	}
}

func TestKinOpenAPIFindsTheDocumentValid(t *testing.T) {
	for name, text := range documents(t) {
		for kind, broken := range map[string]struct{ old, new string }{
			"":                          {"", ""},
			"a type that is none":       {`"type": "boolean"`, `"type": "bool"`},
			"a reference to nothing":    {`UserRead"`, `Nobody"`},
			"a response without a text": {`"description": "No Content"`, `"x-description": ""`},
		} {
			loader := openapi3.NewLoader()
			doc, err := loader.LoadFromData(bytes.Replace(text, []byte(broken.old), []byte(broken.new), 1))
			if err == nil {
				err = doc.Validate(loader.Context)
			}
			if (kind == "") != (err == nil) {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	a := newApp(t, openapi.Options{})
	address, client := a.serve(t)
	resp, err := client.Get(address + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var served bytes.Buffer
	if _, err := served.ReadFrom(resp.Body); err != nil || !bytes.Equal(served.Bytes(), a.doc.JSON()) {
		t.Errorf("got %d, %v", resp.StatusCode, err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address+"/openapi.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", resp.Header.Get("ETag"))
	again, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Body.Close()
	if again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != resp.Header.Get("ETag") {
		t.Errorf("asked again: %d %v", again.StatusCode, again.Header)
	}
}
