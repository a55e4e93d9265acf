module github.com/latchkey-go/latchkey/adapters/chiauth

go 1.26.0

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/latchkey-go/latchkey v0.1.0
)

replace github.com/latchkey-go/latchkey => ../..
