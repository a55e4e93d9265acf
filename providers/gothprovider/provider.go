package gothprovider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"time"

	"github.com/markbates/goth"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/outbound"
)

// Options configures how a provider makes its calls. The zero value is the
// secure default.
type Options struct {
	// Timeout bounds an operation with all its calls. Default: 10 seconds.
	Timeout time.Duration
	// Transport makes the https calls, for a network with a proxy or an
	// authority of its own, and for tests. Of an *http.Transport a copy is
	// used, within the bounds of this package, and one that verifies no
	// certificate is refused. Another RoundTripper bounds headers (64 KiB)
	// itself. Default: TLS by the system's authorities, through the proxy
	// that the environment names (http.ProxyFromEnvironment).
	Transport http.RoundTripper
	// InsecureLoopback allows http for addresses of this machine, for
	// development. Default: https only.
	InsecureLoopback bool
}

// Provider makes a goth.Provider a core.Provider and core.TokenRefresher. It is
// safe for concurrent use and keeps nothing about a login.
type Provider struct {
	name             string
	renews           bool
	made             reflect.Value // a copy of goth's struct, never changed
	client           []int         // the index of its field HTTPClient
	transport        outbound.Transport
	timeout          time.Duration
	insecureLoopback bool
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// New wraps a provider made by goth's constructors. It uses a copy with another
// HTTPClient, so later changes to p have no effect. Its name is goth's, which
// SetName changes. The error joins every problem.
func New(p goth.Provider, o Options) (*Provider, error) {
	made, client, err := settable(p)
	if err != nil {
		return nil, fmt.Errorf("gothprovider: %w", err)
	}
	transport, wrong := newTransport(o)
	n := &Provider{
		made: reflect.New(made.Type()).Elem(), client: client, transport: transport, timeout: o.Timeout,
		insecureLoopback: o.InsecureLoopback,
	}
	n.made.Set(made)
	if n.timeout == 0 {
		n.timeout = outbound.Timeout
	}
	_, err = guarded(context.Background(), func() (struct{}, error) {
		n.name, n.renews = p.Name(), p.RefreshTokenAvailable()
		return struct{}{}, nil
	})
	errs := []error{err, wrong}
	if !validName.MatchString(n.name) {
		errs = append(errs, errors.New("the name must be 1 to 64 of a-z, 0-9, '-' and '_'"))
	}
	if o.Timeout < 0 {
		errs = append(errs, errors.New("the timeout is negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("gothprovider: %w", err)
	}
	return n, nil
}

// settable returns goth's struct and the index of its field HTTPClient. A
// promoted field would belong to a struct that copies share.
func settable(p goth.Provider) (made reflect.Value, client []int, err error) {
	pointer := reflect.ValueOf(p)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() || pointer.Elem().Kind() != reflect.Struct {
		return made, nil, errors.New("the provider must be a pointer to a struct")
	}
	made = pointer.Elem()
	if why := refusal(made.Type().PkgPath()); why != "" {
		return made, nil, fmt.Errorf("%s is refused: %s", made.Type().PkgPath(), why)
	}
	field, ok := made.Type().FieldByName("HTTPClient")
	if !ok || len(field.Index) != 1 || field.Type != reflect.TypeFor[*http.Client]() {
		return made, nil, fmt.Errorf("%s has no field HTTPClient of its own, so its calls cannot be bounded", made.Type())
	}
	return made, field.Index, nil
}

// Name returns the name that goth's provider had when New was called.
func (p *Provider) Name() string { return p.name }

// with returns a copy of goth's provider that makes its calls through c.
func (p *Provider) with(c *calls) goth.Provider {
	fresh := reflect.New(p.made.Type())
	fresh.Elem().Set(p.made)
	fresh.Elem().FieldByIndex(p.client).Set(reflect.ValueOf(&http.Client{Transport: c}))
	return fresh.Interface().(goth.Provider)
}

// run bounds an operation on a copy of goth's provider, and returns its error
// without goth's words.
func run[T any](ctx context.Context, p *Provider, c calls, do func(goth.Provider, *calls) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	c.ctx, c.Transport = ctx, p.transport
	result, err := guarded(ctx, func() (T, error) { return do(p.with(&c), &c) })
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	return *new(T), fmt.Errorf("gothprovider: %s: %w", p.name, err)
}

var _ core.TokenRefresher = (*Provider)(nil)
