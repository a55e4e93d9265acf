// Package command walks through the commands of an application on SQLite and
// PostgreSQL, and compares what they print with golden files. It also breaks
// them as an operator would: a database that is down, missing tables, an
// interrupt in the middle of an import.
package command
