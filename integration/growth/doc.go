// Package growth measures what becomes slower with the number of users: each
// statement of the SQL store at a million users beside the same at a thousand,
// and what a sweep of a million rows costs the requests beside it. It is not
// part of CI; make timing runs it on an idle machine.
package growth
