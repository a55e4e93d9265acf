// Package features holds features as other projects may write them: each is a
// flow of about 100 lines over the public contracts, without an edit of any
// package.
//
//   - totp_test.go, recovery_test.go: a second factor, and codes in its place.
package features
