module github.com/latchkey-go/latchkey/stores/redisstore

go 1.26.0

require (
	github.com/latchkey-go/latchkey v0.1.0
	github.com/redis/rueidis v1.0.79
)

require golang.org/x/sys v0.49.0 // indirect

replace github.com/latchkey-go/latchkey => ../..
