// Package features has parts of about a hundred lines that an application could
// write on the contracts of core alone, each tried in a whole application: what
// a new feature needs must not need an edit of an existing package.
package features
