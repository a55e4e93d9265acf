package latchkey

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/gate"
)

// bind lets flows keep the services, which are still empty.
func bind(flows []Flow, svc *core.Services) ([]Flow, error) {
	bound, errs := slices.Clone(flows), []error(nil)
	for i, f := range flows {
		if _, binds := core.As[core.Binder](f); !binds {
			continue
		}
		b, ok := f.(core.Binder)
		if ok {
			bound[i] = b.Bind(svc)
		}
		if !ok || reflect.TypeOf(bound[i]) != reflect.TypeOf(f) {
			errs = append(errs, fmt.Errorf("the flow %q is a decorator of a core.Binder: it must implement Bind, and return a decorator", f.Name()))
			bound[i] = f
		}
	}
	return bound, errors.Join(errs...)
}

// keepersOf returns the flows that keep credentials.
func keepersOf(flows []Flow) []Flow {
	return slices.DeleteFunc(slices.Clone(flows), func(f Flow) bool {
		_, keeps := core.As[core.Keeper](f)
		return !keeps
	})
}

// factorErrors joins what a second factor misses.
func (a *Auth[U]) factorErrors() error {
	var errs []error
	door := a.svc.Gate.(*gate.Gate)
	if a.opts.RequireFactor != nil && !door.Enrols() {
		errs = append(errs, errors.New("Options.RequireFactor needs a flow that is a core.Enroller: who has no factor could not log in"))
	}
	if door.Factors() == 0 {
		return errors.Join(errs...)
	}
	for _, b := range a.opts.Backends {
		if _, holds := core.As[core.Holder](b.Transport); ambient(b.Transport) && !standing(b.Strategy) && !holds {
			errs = append(errs, fmt.Errorf("backend %q: a flow that is a second factor needs a transport that is a core.Holder, "+
				"which keeps the pending login of a browser", b.Name))
		}
	}
	if a.opts.Tickets == nil {
		errs = append(errs, errors.New("a flow that is a second factor needs Options.Tickets, which keeps logins that wait for it"))
	}
	return errors.Join(errs...)
}
