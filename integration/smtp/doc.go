// Package smtp tests senders/smtpsender against an SMTP server on the loopback
// interface.
package smtp
