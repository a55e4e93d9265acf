package account

import (
	"context"
	"net/http"

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
			Body: userCreate{}, Own: svc.Codec.Columns("register"),
			Codes: []string{
				core.CodeRegisterUserExists, core.CodeRegisterPassword, core.CodeRegisterConflict, core.CodeRateLimited,
			},
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
	email, badEmail := in.Required("email")
	if badEmail == nil {
		badEmail = setEmail(svc, b, email)
	}
	password, badPassword := in.Required("password")
	problems := append([]*core.Problem{badEmail, badPassword}, svc.Codec.Input(u, in, "register")...)
	delete(in, "password")
	return u, password, in, core.AddProblems(err, problems...)
}
