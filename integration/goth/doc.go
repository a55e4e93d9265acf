// Package goth runs the providers of markbates/goth through
// providers/gothprovider, each against a stand-in for its service, and
// generates docs/goth-providers.md from the results.
package goth
