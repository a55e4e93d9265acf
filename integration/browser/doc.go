// Package browser holds the tests of what a person does in a real browser.
package browser
