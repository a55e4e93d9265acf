// Package outbound is the hardened HTTP client of calls to services outside: a
// Transport that goes nowhere but over https (or to this machine, for
// development, and to hosts that were named), and reads no more than 1 MiB; and
// a strict reader of JSON.
//
//	direct := outbound.Direct()
//	client := &http.Client{
//		Transport: outbound.Transport{HTTPS: direct, Check: check},
//		Timeout:   outbound.Timeout,
//	}
//
// It exists so that each module of providers has the same bounds.
package outbound
