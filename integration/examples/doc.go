// Package examples runs the programs of examples/ against real servers, as
// processes.
package examples
