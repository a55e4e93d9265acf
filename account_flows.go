package latchkey

import (
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/flows/jwks"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/flows/reset"
)

// accountFlows are the flows that every application has.
func (a *Auth[U]) accountFlows() []Flow {
	o, guesses := a.opts, a.guesses()
	users := account.Users{
		SelfDelete: o.SelfDelete, Guesses: guesses, Limits: account.ChangeLimits{
			User: o.Limits.UserChanges, Network: o.Limits.NetworkChanges, Admin: o.Limits.AdminChanges,
		},
		SelfExport: o.SelfExport, ExportLimit: o.Limits.Exports, Exporters: func() []core.Exporter { return a.exporters },
	}
	if f, err := flowOf[reset.Flow](o.Flows); err == nil {
		users.ForceReset = f.Force
	}
	if f, err := flowOf[leaving.Flow](o.Flows); err == nil {
		users.Leave = f.Begin
	}
	return []Flow{
		account.Login{
			Guesses: guesses, Attempts: o.Limits.LoginAttempts, Renewals: o.Limits.Refreshes, Ends: o.Limits.SessionEnds,
		},
		account.Register{Attempts: o.Limits.Registrations},
		users,
		account.Sessions{Ends: o.Limits.SessionEnds},
		account.Prove{Guesses: guesses},
		jwks.Flow{Keys: a.publicKeys},
	}
}

// leavingErrors joins what users lack who leave, or get a copy of their data.
func (a *Auth[U]) leavingErrors() error {
	errs := []error{account.CheckExporters(a.svc, a.exporters)}
	if _, err := flowOf[leaving.Flow](a.opts.Flows); err == nil && !a.opts.SelfDelete {
		errs = append(errs, errors.New("the flow leaving needs Options.SelfDelete: without it nobody leaves"))
	}
	return errors.Join(errs...)
}
