module github.com/latchkey-go/latchkey

go 1.26.0

require (
	github.com/go-jose/go-jose/v4 v4.1.9
	github.com/piglig/go-qr v1.1.0
	golang.org/x/crypto v0.58.0
	golang.org/x/net v0.62.0
	golang.org/x/text v0.43.0
)

require golang.org/x/sys v0.49.0 // indirect
