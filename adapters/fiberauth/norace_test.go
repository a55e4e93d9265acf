//go:build !race

package fiberauth_test

// requests is how many are sent at the same time, over all connections.
const requests = 100_000
