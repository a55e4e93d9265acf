// Package authtest has no program: its tests show authtest.As on each framework
// and over SQLite, and virtual time. The guide docs/guides/testing.md explains
// them.
package authtest
