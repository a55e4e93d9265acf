module github.com/latchkey-go/latchkey/providers/gothprovider

go 1.26.0

require (
	github.com/latchkey-go/latchkey v0.1.0
	github.com/markbates/goth v1.82.0
	golang.org/x/oauth2 v0.37.0
)

replace github.com/latchkey-go/latchkey => ../..
