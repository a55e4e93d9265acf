// Package timing measures what the clock reveals and what one client can take
// from others, on the machine that it runs on: over HTTP on the loopback
// interface, as an attacker sees it. CI has no part in it, since a busy machine
// decides there; make timing runs it on one that does nothing else.
package timing
