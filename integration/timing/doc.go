// Package timing measures what the clock reveals and how much one client can
// take from others, on the machine that it runs on: over HTTP on the loopback
// interface, as an attacker sees it. It is not part of CI, since on a busy
// machine the load decides; make timing runs it on an idle one.
package timing
