package account

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Login is the flow of POST /login and POST /logout, once per backend, and of
// POST /refresh and POST /revoke of backends whose logins have a refresh token.
// A limit that is zero, or not there, limits nothing.
type Login struct {
	Guesses
	Attempts core.Limit // per client network
	Renewals core.Limit // per client network
	// Ends are the requests of one client network to end a login by its
	// refresh token.
	Ends core.Limit
}

// Name is "login".
func (Login) Name() string { return "login" }

// PerBackend is true.
func (Login) PerBackend() bool { return true }

// Ways is 1 for a user with a password, and an address or a name to log in
// with; see core.Way.
func (Login) Ways(_ context.Context, u core.AnyUser) (int, error) {
	if b := u.Base(); b.HashedPassword == "" || b.EmailKey == "" && nameKey(u) == "" {
		return 0, nil
	}
	return 1, nil
}

// Routes are login and logout, refresh and revoke.
func (l Login) Routes(svc *core.Services) ([]core.Route, error) {
	return append([]core.Route{
		{
			Name: "auth:" + svc.Backend.Name + ".login", Method: http.MethodPost, Pattern: "/login", Public: true,
			Forms: true,
			Doc: core.Doc{
				Summary: "Log in with e-mail and password", Form: true,
				Body:  l.body(svc),
				Codes: l.codes(),
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return l.login(ctx, svc, r) },
		},
		{
			Name: "auth:" + svc.Backend.Name + ".logout", Method: http.MethodPost, Pattern: "/logout", Forms: true,
			Doc:    core.Doc{Summary: "End the session of the credential presented", Status: http.StatusNoContent},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return logout(ctx, svc, r) },
		},
	}, l.renewals(svc)...), nil
}

func (l Login) codes() []string {
	codes := []string{
		core.CodeLoginBadCredentials, core.CodeLoginUserSuspended, core.CodeLoginUserNotVerified, core.CodeRateLimited,
	}
	if l.Captcha != nil {
		codes = append(codes, core.CodeCaptchaRequired)
	}
	return codes
}

// The members of a login.
type (
	byAddress struct {
		Username string `json:"username" openapi:"example=ada@example.org,description=The e-mail address."`
		Password string `json:"password" openapi:"format=password"`
		Remember bool   `json:"remember,omitempty" openapi:"description=False: the login ends with the browser, or after some hours."`
	}
	byName struct {
		Username string `json:"username" openapi:"example=ada,description=The user name or the e-mail address."`
		Password string `json:"password" openapi:"format=password"`
		Remember bool   `json:"remember,omitempty" openapi:"description=False: the login ends with the browser, or after some hours."`
	}
	riddle struct {
		Captcha string `json:"captcha,omitempty" openapi:"description=The answer to the riddle that CAPTCHA_REQUIRED asks for."`
	}
)

// body returns the members of a login.
func (l Login) body(svc *core.Services) any {
	named := core.NamedOf(svc.Users.New()) != nil
	switch {
	case named && l.Captcha != nil:
		return struct {
			byName
			riddle
		}{}
	case named:
		return struct{ byName }{}
	case l.Captcha != nil:
		return struct {
			byAddress
			riddle
		}{}
	}
	return struct{ byAddress }{}
}

func (l Login) login(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	c, brief, err := l.credentials(r)
	if err != nil {
		return nil, err
	}
	if err := core.CheckNetworkLimit(ctx, svc.Limiter, "login", r.Remote, l.Attempts); err != nil {
		return nil, err
	}
	var admission core.Admission
	err = Authenticate(ctx, svc, l.Guesses, c, func(ctx context.Context, u core.AnyUser) (err error) {
		proof := core.Proof{Method: core.MethodPassword, At: svc.Env.Now()}
		admission, err = svc.Gate.Admit(ctx, core.Attempt{
			User: u, Proof: proof, Request: r, Backend: svc.Backend.Name, Brief: brief,
		})
		return err
	})
	return admission.Answer, err
}

// credentials reads {username, password} from a form, or that or {email,
// password} from JSON, {remember}, and the answer to a captcha where there may
// be one. Empty ones are credentials, and wrong.
func (l Login) credentials(r *core.Request) (c Credentials, brief bool, err error) {
	in, err := core.ReadForm(r, "username", "password", "grant_type", "remember", "captcha")
	if in == nil {
		return Credentials{}, false, err
	}
	name := "username"
	if _, there := in[name]; !there && in["email"] != nil {
		name = "email"
	}
	identifier, noName := in.Required(name)
	password, noPassword := in.Required("password")
	grant, given, badGrant := in.String("grant_type")
	if given && grant != "password" && grant != "" {
		badGrant = &core.Problem{
			Loc: []any{"body", "grant_type"}, Msg: "String should match pattern '^password$'", Type: "string_pattern_mismatch",
		}
	}
	brief, badRemember := in.Brief()
	c = Credentials{Identifier: identifier, Password: password, Request: r}
	var badAnswer *core.Problem
	if l.Captcha != nil {
		c.Captcha, _, badAnswer = in.String("captcha")
	}
	return c, brief, core.AddProblems(err, noName, noPassword, badGrant, badRemember, badAnswer)
}

// logout revokes the session presented, by the backend that issued it, and
// clears the token of that one and of the route's.
func logout(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	current := core.CurrentFrom(ctx)
	resp := core.Empty(http.StatusNoContent)
	if err := svc.Sessions.Logout(ctx, current.Session, resp, svc.Backend.Name); err != nil {
		return nil, core.Unavailable(err)
	}
	svc.Events.Raise(ctx, core.Event{
		Kind: core.EventLoggedOut, Backend: current.Session.Backend, User: current.User, Session: current.Session, Request: r,
	})
	return resp, nil
}
