module github.com/latchkey-go/latchkey/tools

go 1.26.0
