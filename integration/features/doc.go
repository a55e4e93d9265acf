// Package features holds features that an application could have written: each
// is a test flow of about a hundred lines against the contracts of core, made
// without an edit of any other package.
//
//	go test ./features
package features
