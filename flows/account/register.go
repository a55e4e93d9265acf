package account

import (
	"context"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Register is the flow of POST /register. A zero limit limits nothing.
type Register struct {
	Attempts core.Limit // per client network
}

// Name is "register".
func (Register) Name() string { return "register" }

// PerBackend is false.
func (Register) PerBackend() bool { return false }

// Routes is the one.
func (f Register) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "register:register", Method: http.MethodPost, Pattern: "/register", Public: true,
		Forms: true,
		Doc: core.Doc{
			Summary: "Register", Status: http.StatusCreated, Answer: svc.Codec.Output(svc.Users.New()),
			Body: newBody(svc.Env.EmailOptional), Own: svc.Codec.Columns("register"),
			Codes: append(codesOfNames(svc, core.CodeRegisterNameExists),
				core.CodeRegisterUserExists, core.CodeRegisterPassword, core.CodeRegisterConflict, core.CodeRateLimited),
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			u, password, in, err := registration(svc, r)
			if err != nil {
				return nil, err
			}
			if err := core.CheckNetworkLimit(ctx, svc.Limiter, "register", r.Remote, f.Attempts); err != nil {
				return nil, err
			}
			if err := Create(ctx, svc, u, password, r, in); err != nil {
				return nil, err
			}
			return core.JSON(http.StatusCreated, svc.Codec.Output(u))
		},
	}}, nil
}

// userCreate are the members of a registration besides the application's
// columns. The names of such types are those of schemas in the API document.
type userCreate struct {
	Email    string `json:"email" openapi:"example=ada@example.org"`
	Password string `json:"password" openapi:"format=password"`
}

// newBody returns userCreate, or what is called so where the address may be
// left out.
func newBody(emailOptional bool) any {
	if !emailOptional {
		return userCreate{}
	}
	type userCreate struct {
		Email    *string `json:"email,omitempty" openapi:"example=ada@example.org"`
		Password string  `json:"password" openapi:"format=password"`
	}
	return userCreate{}
}

// codesOfNames returns codes that only users with names can meet.
func codesOfNames(svc *core.Services, codes ...string) []string {
	if core.NamedOf(svc.Users.New()) == nil {
		return nil
	}
	return codes
}

// registration reads a new user, active and without rights, and returns every
// problem of the body at once.
func registration(svc *core.Services, r *core.Request) (core.AnyUser, string, core.Object, error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return nil, "", nil, err
	}
	u := svc.Users.New()
	b := u.Base()
	b.IsActive = true
	badEmail := readEmail(svc, b, in)
	password, badPassword := in.Required("password")
	problems := append([]*core.Problem{badEmail, badPassword}, svc.Codec.Input(u, in, "register")...)
	if b.EmailKey == "" && core.AddProblems(err, problems...) == nil && nameKey(u) == "" {
		problems = append(problems, nothing(u))
	}
	delete(in, "password")
	return u, password, in, core.AddProblems(err, problems...)
}

// readEmail sets the address of a registration, which may be absent, null or
// empty where the application does not need it.
func readEmail(svc *core.Services, b *core.User, in core.Object) *core.Problem {
	read := in.Required
	if svc.Env.EmailOptional {
		read = func(name string) (string, *core.Problem) {
			s, _, problem := in.String(name)
			return s, problem
		}
	}
	email, problem := read("email")
	if problem != nil || svc.Env.EmailOptional && strings.TrimSpace(email) == "" {
		return problem
	}
	return setEmail(svc, b, email)
}
