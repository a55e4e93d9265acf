// Package names tests users who have names, and users without an address, on
// each adapter and each store of this module; integration/mongostore does so on
// MongoDB.
package names
