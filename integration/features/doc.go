// Package features holds features as an application, or another project, may
// write them: each is a flow over the contracts of core alone, tried in a whole
// application. None of them needed an edit of an existing package.
//
//   - portal_test.go: a login form and an account page in HTML
//   - totp_test.go, recovery_test.go: a second factor, and codes in its place
//
// An audit log over SQL is in integration/bunstore.
package features
