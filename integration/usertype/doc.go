// Package usertype tests the user type of docs/guides/user-type.md: what
// clients may write and read of it, on every SQL store, and how it changes
// while the application runs.
package usertype
