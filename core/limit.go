package core

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
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

// Limiter counts events. Keys are opaque text of at most 300 bytes; a key has
// one count, whatever limits it is taken under.
type Limiter interface {
	// Take counts one event of key if the limit allows it, in one atomic
	// step, and returns 0; else it counts nothing and returns how long to
	// wait (at most the window).
	Take(ctx context.Context, key string, l Limit) (wait time.Duration, err error)
	// Give takes one counted event back (what was counted turned out not to
	// be one).
	Give(ctx context.Context, key string) error
	// Forget sets key's count to nothing.
	Forget(ctx context.Context, key string) error
}

// CheckLimit counts one event of key: nil where the limit allows it or has no
// events; 429 RATE_LIMITED beyond it; 503 if the limiter cannot be reached.
func CheckLimit(ctx context.Context, limiter Limiter, key string, l Limit) error {
	if l.Events == 0 {
		return nil
	}
	wait, err := limiter.Take(ctx, key, l)
	if err != nil {
		return Unavailable(err)
	}
	if wait > 0 {
		return RateLimited(wait)
	}
	return nil
}

// CheckNetworkLimit is Within for one more of what by the client network of an
// address, as Network has it. The /48 of an IPv6 address, which is what one
// subscriber may have, counts too, with siteShare times the events: one that
// goes through its 65,536 networks is stopped, and leaves no keys at the
// limiter.
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
		_ = limiter.Give(context.WithoutCancel(ctx), siteKey) // else one network would use up its neighbours'
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
