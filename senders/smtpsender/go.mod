module github.com/latchkey-go/latchkey/senders/smtpsender

go 1.26.0

require github.com/latchkey-go/latchkey v0.1.0

replace github.com/latchkey-go/latchkey => ../..
