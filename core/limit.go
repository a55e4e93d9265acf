package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// Limit is a number of events in a window that begins with the first of them.
// Without Events it limits nothing.
type Limit struct {
	Events int
	Window time.Duration
}

// Check reports that a limit would limit nothing, or everything.
func (l Limit) Check() error {
	if l.Events < 1 || l.Window <= 0 {
		return errors.New("a limit needs at least one event and a window; latchkey's Options.InsecureNoLimits switches limits off")
	}
	return nil
}

// MaxLimits is how many limits a key can have at once.
const MaxLimits = 4

// CheckLimits reports that a Limiter would refuse the limits of a key, or that
// one of them would limit nothing, or everything.
func CheckLimits(limits ...Limit) error {
	var errs []error
	for _, l := range limits {
		errs = append(errs, l.Check())
	}
	_, err := Effective(limits)
	return errors.Join(append(errs, err)...)
}

// Effective returns the limits that limit something, for implementations of
// Limiter: those without Events or Window are left out. More than MaxLimits, or
// windows that do not become longer from one to the next, are an error.
func Effective(limits []Limit) ([]Limit, error) {
	limits = slices.DeleteFunc(slices.Clone(limits), func(l Limit) bool { return l.Events <= 0 || l.Window <= 0 })
	if len(limits) > MaxLimits {
		return nil, fmt.Errorf("a key has %d limits: it can have %d", len(limits), MaxLimits)
	}
	for i := 1; i < len(limits); i++ {
		if limits[i-1].Window >= limits[i].Window {
			return nil, errors.New("the limits of a key must be in the order of their windows, the shortest first")
		}
	}
	return limits, nil
}

// Limiter counts events. Keys are opaque text of at most 300 bytes. A key has a
// count for each limit: the first limit of every call has the first count, and
// so on, so a key should always be used with the same limits.
type Limiter interface {
	// Allow counts one event of key under each limit if all of them allow
	// it, in one atomic step, and returns 0. Else it counts nothing and
	// returns how long to wait until those that refuse it have room: at
	// most the longest of their windows. Limits that Effective refuses are
	// an error.
	Allow(ctx context.Context, key string, limits ...Limit) (wait time.Duration, err error)
	// Refund takes one event back, under each limit: what was counted
	// turned out not to be one.
	Refund(ctx context.Context, key string) error
	// Reset sets the counts of key to nothing.
	Reset(ctx context.Context, key string) error
}

// CheckLimit counts one event of key: nil where the limits allow it, or none
// has events; 429 RATE_LIMITED beyond one of them; 503 if the limiter cannot be
// reached.
func CheckLimit(ctx context.Context, limiter Limiter, key string, limits ...Limit) error {
	if !slices.ContainsFunc(limits, func(l Limit) bool { return l.Events > 0 }) {
		return nil
	}
	wait, err := limiter.Allow(ctx, key, limits...)
	if err != nil {
		return Unavailable(err)
	}
	if wait > 0 {
		return RateLimited(wait)
	}
	return nil
}

// LimitKey returns the key of what one subject does: a user by ID, or an
// address in its canonical form. The limiter holds only the digest of it.
func LimitKey(what, subject string) string { return fmt.Sprintf("%s:%x", what, Digest(subject)) }

// CheckNetworkLimit is CheckLimit for one more of what by the client network of
// an address, as ClientNetwork has it. The /48 of an IPv6 address, which is
// what one subscriber may have, counts too, with siteShare times the events:
// one that goes through its 65,536 networks is stopped, and leaves no keys at
// the limiter.
func CheckNetworkLimit(ctx context.Context, limiter Limiter, what string, ip netip.Addr, l Limit) error {
	network := ClientNetwork(ip)
	key := what + "-network:" + network.String()
	if l.Events == 0 || !network.Addr().Is6() {
		return CheckLimit(ctx, limiter, key, l)
	}
	site, _ := network.Addr().Prefix(48)
	siteKey := what + "-site:" + site.String()
	if err := CheckLimit(ctx, limiter, siteKey, Limit{Events: siteShare * l.Events, Window: l.Window}); err != nil {
		return err
	}
	err := CheckLimit(ctx, limiter, key, l)
	if err != nil {
		_ = limiter.Refund(context.WithoutCancel(ctx), siteKey) // else one network would use up its neighbours'
	}
	return err
}

// siteShare is how many networks of a /48 may do all that one may.
const siteShare = 16

// RateLimited returns a 429 that says when to retry, in whole seconds, at
// least 1.
func RateLimited(wait time.Duration) *Error {
	seconds := int((wait + time.Second - 1) / time.Second)
	return &Error{
		Code: CodeRateLimited, Status: http.StatusTooManyRequests,
		Header: http.Header{"Retry-After": {strconv.Itoa(max(seconds, 1))}},
	}
}

// ClientNetwork is the client network of an address, as limits count it: an
// IPv4 address alone, also in its IPv6-mapped form; the /64 of an IPv6 address,
// whatever its zone and spelling.
func ClientNetwork(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap()
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.Prefix(bits) // which drops the zone; the zero Prefix for the zero Addr
	return network
}
