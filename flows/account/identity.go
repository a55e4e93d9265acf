package account

import (
	"context"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/naming"
)

// setEmail sets the address, without blanks around it, or returns what is wrong
// with it.
func setEmail(svc *core.Services, u *core.User, email string) *core.Problem {
	email = strings.TrimSpace(email)
	key, err := svc.CanonicalEmail(email)
	if err != nil {
		problem := core.BadValue("email", err.Error())
		return &problem
	}
	u.Email, u.EmailKey = email, key
	return nil
}

// identified brings the address and the name of a new user into their canonical
// forms, and returns what is wrong with them. One who is to log in must have
// one of the two; without Options.EmailOptional everybody has an address.
func identified(svc *core.Services, u core.AnyUser, logsIn bool) (problems []*core.Problem) {
	b := u.Base()
	problems = append(problems, naming.Settle(svc.Identify, u))
	if !svc.Env.EmailOptional || strings.TrimSpace(b.Email) != "" {
		return append(problems, setEmail(svc, b, b.Email))
	}
	b.Email, b.EmailKey = "", ""
	if problems[0] == nil && logsIn && nameKey(u) == "" {
		problems = append(problems, nothing(u))
	}
	return problems
}

// nothing is the problem of a new user without any identifier.
func nothing(u core.AnyUser) *core.Problem {
	name := "username"
	if core.NamedOf(u) == nil {
		name = "email"
	}
	problem := core.Missing(name)
	return &problem
}

// nameKey returns a user's UsernameKey, "" where there is none.
func nameKey(u core.AnyUser) string {
	if n := core.NamedOf(u); n != nil {
		return n.UsernameKey
	}
	return ""
}

// taken are the codes of identifiers that somebody has.
type taken struct{ email, name string }

var (
	registers = taken{core.CodeRegisterUserExists, core.CodeRegisterNameExists}
	updates   = taken{core.CodeUpdateEmailExists, core.CodeUpdateNameExists}
)

// vacant returns the refusal of a user who has an identifier of somebody
// else's, or a 503.
func vacant(ctx context.Context, svc *core.Services, u core.AnyUser, codes taken) error {
	for _, of := range []struct {
		key  core.Key
		code string
	}{{core.ByEmail(u.Base().EmailKey), codes.email}, {core.ByUsername(nameKey(u)), codes.name}} {
		if of.key.Value == "" {
			continue
		}
		switch other, err := svc.Users.Find(ctx, of.key); {
		case errors.Is(err, core.ErrNotFound):
		case err != nil:
			return core.Unavailable(err)
		case u.Base().ID == "" || other.Base().ID != u.Base().ID:
			return core.Refuse(of.code)
		}
	}
	return nil
}

// lost returns the refusal of a user whom the store did not take since somebody
// got ahead: for what it is that they have, where that can be seen still.
func lost(ctx context.Context, svc *core.Services, u core.AnyUser, codes taken) error {
	if err := vacant(ctx, svc, u, codes); err != nil {
		return err
	}
	if u.Base().EmailKey == "" && nameKey(u) != "" {
		return core.Refuse(codes.name)
	}
	return core.Refuse(codes.email)
}
