// Package pages tests the HTML pages: over the wire on every adapter, and as
// people use them, in Chromium.
package pages
