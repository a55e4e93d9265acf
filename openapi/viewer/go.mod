module github.com/latchkey-go/latchkey/openapi/viewer

go 1.26.0

require github.com/latchkey-go/latchkey v0.1.0

replace github.com/latchkey-go/latchkey => ../..
