module github.com/latchkey-go/latchkey/adapters/echoauth

go 1.26.0

require (
	github.com/labstack/echo/v5 v5.4.4
	github.com/latchkey-go/latchkey v0.1.0
)

replace github.com/latchkey-go/latchkey => ../..
