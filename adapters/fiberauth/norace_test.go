//go:build !race

package fiberauth_test

// requests is the number of requests sent at the same time, over all
// connections.
const requests = 100_000
