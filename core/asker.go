package core

import (
	"cmp"
	"net/netip"
)

// Asker is for whom a password is hashed: an account and a client network. The
// queue of hashes is fair between accounts and between networks, so that
// nobody's requests keep those of others waiting. The zero value is the
// application itself.
type Asker struct {
	// Account is the canonical address or name, of a known user or not: a
	// queue that depended on what a look-up found would tell who is
	// registered.
	Account string
	Network netip.Prefix
}

// AskedBy returns the asker of a request about an account; r may be nil.
func AskedBy(account string, r *Request) Asker {
	if r == nil {
		return Asker{Account: account}
	}
	return Asker{Account: account, Network: ClientNetwork(r.Remote)}
}

// AskedAbout is AskedBy about the account of a user who is known already.
func AskedAbout(u AnyUser, r *Request) Asker {
	return AskedBy(cmp.Or(u.Base().EmailKey, u.Base().ID), r)
}
