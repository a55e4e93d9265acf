package maillogin

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Routes are those of a backend: a first proof, a second factor, a step-up.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.check(svc); err != nil {
		return nil, err
	}
	handle := func(
		do func(context.Context, *core.Services, *core.Request) (*core.Response, error),
	) func(context.Context, *core.Request) (*core.Response, error) {
		return func(ctx context.Context, r *core.Request) (*core.Response, error) { return do(ctx, svc, r) }
	}
	own := []core.Guard{core.Via(svc.Backend.Name), core.InPerson}
	again := f.asked("Ask for a mail that continues a pending login", struct {
		Pending string `json:"pending,omitempty" openapi:"description=Left out where the browser's cookie has it."`
	}{}, core.CodeLoginBadCredentials, "403 Forbidden")
	again.BodyOptional = true
	first, factor := name+":"+svc.Backend.Name, core.MethodEmail+":"+svc.Backend.Name
	return []core.Route{
		{
			Name: first + ".begin", Method: http.MethodPost, Pattern: "/mail-login", Public: true, Forms: true,
			Doc: f.asked("Ask for a mail that logs in, by a link or a code", struct {
				Email string `json:"email" openapi:"example=ada@example.org"`
			}{}),
			Handle: handle(f.ask),
		},
		{
			Name: first + ".confirm", Method: http.MethodPost, Pattern: "/mail-login/confirm", Public: true, Forms: true,
			Doc:    f.confirmed("Log in with the link or the code of the mail"),
			Handle: handle(f.confirm),
		},
		{
			Name: first + ".link", Method: http.MethodPost, Pattern: "/mail-login/link", Public: true,
			Doc: core.Doc{
				Summary: "Whose login the link of a mail is, before it is confirmed; nothing is used up",
				Status:  http.StatusOK, Answer: mailLoginLink{},
				Body: struct {
					Flow  string `json:"flow,omitempty" openapi:"description=Left out where the browser's cookie has it."`
					Token string `json:"token" openapi:"description=Of the link."`
				}{},
				Codes: []string{core.CodeMailLoginBadCode, core.CodeRateLimited},
			},
			Handle: handle(f.link),
		},
		{
			Name: factor + ".begin", Method: http.MethodPost, Pattern: "/mail", Public: true, Forms: true,
			Doc: again, Handle: handle(f.askAgain),
		},
		{
			Name: factor + ".login", Method: http.MethodPost, Pattern: "/mail/confirm", Public: true, Forms: true,
			Doc:    f.continued("Continue a pending login with the code of the mail"),
			Handle: handle(f.confirmFactor),
		},
		{
			Name: factor + ".prove_begin", Method: http.MethodPost, Pattern: "/prove/mail", Guards: own, Forms: true,
			Doc:    f.asked("Ask for a mail that proves the login once more", nil, "403 Forbidden"),
			Handle: handle(f.askToProve),
		},
		{
			Name: factor + ".prove", Method: http.MethodPost, Pattern: "/prove/mail/confirm", Guards: own, Forms: true,
			Doc:    f.proved("Prove the login once more with the code of the mail"),
			Handle: handle(f.confirmProof),
		},
	}, nil
}

func (f Flow) asked(summary string, body any, codes ...string) core.Doc {
	return core.Doc{
		Summary: summary, Body: body, Status: http.StatusAccepted, Answer: mailLogin{},
		Codes: append(codes, core.CodeRateLimited),
	}
}

// What stands in a body beside the code: the flow is that of the request for
// the mail.

func (f Flow) confirmed(summary string) core.Doc {
	return core.Doc{
		Summary: summary,
		Body: struct {
			Flow  string `json:"flow,omitempty" openapi:"description=Left out where the browser's cookie has it."`
			Token string `json:"token,omitempty" openapi:"description=Of the link, in place of a code."`
			Code  string `json:"code,omitempty" openapi:"example=48251937"`

			Remember bool `json:"remember,omitempty" openapi:"description=False: the login ends with the browser, or after some hours."`
		}{},
		Codes: []string{
			core.CodeMailLoginBadCode, core.CodeLoginUserNotVerified, core.CodeRegisterConflict, core.CodeRateLimited,
		},
	}
}

func (f Flow) continued(summary string) core.Doc {
	return core.Doc{
		Summary: summary,
		Body: struct {
			Pending string `json:"pending,omitempty" openapi:"description=Left out where the browser's cookie has it."`
			Flow    string `json:"flow,omitempty" openapi:"description=Left out where the browser's cookie has it."`
			Code    string `json:"code" openapi:"example=48251937"`
		}{},
		Codes: []string{
			core.CodeMailLoginBadCode, core.CodeLoginBadCredentials, core.CodeLoginUserNotVerified, "403 Forbidden",
			core.CodeRateLimited,
		},
	}
}

func (f Flow) proved(summary string) core.Doc {
	return core.Doc{
		Summary: summary,
		Body: struct {
			Flow string `json:"flow,omitempty" openapi:"description=Left out where the browser's cookie has it."`
			Code string `json:"code" openapi:"example=48251937"`
		}{},
		Codes: []string{core.CodeMailLoginBadCode, core.CodeRateLimited},
	}
}
