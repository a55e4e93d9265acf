// Package goth runs the providers of markbates/goth through
// providers/gothprovider, each against a stand-in for its service, and makes
// docs/goth-providers.md of what they can.
package goth
