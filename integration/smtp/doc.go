// Package smtp holds the tests of senders/smtpsender against an SMTP server on
// the loopback interface.
package smtp
