// Package browser tests what a person does in a real browser.
package browser
