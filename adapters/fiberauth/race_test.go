//go:build race

package fiberauth_test

// requests is smaller with the race detector, which is ten times slower.
const requests = 5_000
