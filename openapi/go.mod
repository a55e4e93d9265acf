module github.com/latchkey-go/latchkey/openapi

go 1.26.0

require (
	github.com/google/jsonschema-go v0.4.3
	github.com/latchkey-go/latchkey v0.1.0
)

replace github.com/latchkey-go/latchkey => ..
