// Package upgrade tests that the current code takes over what earlier releases
// have stored, while these still serve.
package upgrade
