// Package upgrade holds the tests that today's code takes over what releases
// before it have stored, while these still serve.
package upgrade
