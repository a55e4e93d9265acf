//go:build race

package fiberauth_test

// requests are fewer with the race detector, which is ten times slower.
const requests = 5_000
