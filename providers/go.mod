module github.com/latchkey-go/latchkey/providers

go 1.26.0

require (
	github.com/coreos/go-oidc/v3 v3.21.0
	github.com/go-jose/go-jose/v4 v4.1.9
	github.com/latchkey-go/latchkey v0.1.0
	golang.org/x/oauth2 v0.37.0
)

replace github.com/latchkey-go/latchkey => ..
