// Package examples runs programs of examples/ over real servers, as processes.
package examples
