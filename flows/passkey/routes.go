package passkey

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// site is the flow at one backend.
type site struct {
	*Flow
	svc        *core.Services
	store      core.CredentialStore
	party      party
	challenges challenges
}

// Routes are those of the package's comment. It needs the services Credentials,
// Tickets and BaseURL.
func (f *Flow) Routes(svc *core.Services) ([]core.Route, error) {
	s := &site{
		Flow: f, svc: svc, store: svc.Credentials,
		challenges: challenges{secret: f.o.Secret, lifetime: f.o.Lifetime},
	}
	var errs []error
	if s.store == nil {
		errs = append(errs, errors.New("flow passkey needs Options.Credentials, a store of credentials"))
	}
	if svc.Tickets == nil {
		errs = append(errs, errors.New("flow passkey needs Options.Tickets, a store of one-time tokens"))
	}
	if svc.Env.BaseURL == nil {
		errs = append(errs, errors.New("flow passkey needs Options.BaseURL, at which browsers see the application"))
	} else {
		var err error
		s.party, err = f.o.party(svc.Env.BaseURL)
		errs = append(errs, err)
	}
	return slices.Concat(s.logins(), s.proofs(), s.registrations()), errors.Join(errs...)
}

// optionsRead and the others are the bodies and answers of the document.
type (
	optionsRead struct {
		// PublicKey goes through
		// PublicKeyCredential.parseRequestOptionsFromJSON, or
		// parseCreationOptionsFromJSON, to navigator.credentials.
		PublicKey any `json:"publicKey"`
		// ExpiresIn is in seconds.
		ExpiresIn int `json:"expires_in"`
	}
	passkeyOptions struct {
		PublicKey map[string]any `json:"publicKey"`
		ExpiresIn int            `json:"expires_in" openapi:"description=Seconds until the options expire."`
	}
	passkeyLogin struct {
		Credential map[string]any `json:"credential" openapi:"description=What toJSON of the browser's credential returns."`
		Remember   bool           `json:"remember,omitempty" openapi:"description=False: the login ends with the browser, or after some hours."`
	}
	passkeyAnswer struct {
		Credential map[string]any `json:"credential" openapi:"description=What toJSON of the browser's credential returns."`
	}
	passkeyPending struct {
		Pending string `json:"pending,omitempty" openapi:"description=Of the login that waits. Left out: the browser's cookie has it."`
	}
	passkeyPendingAnswer struct {
		Pending    string         `json:"pending,omitempty" openapi:"description=Of the login that waits. Left out: the browser's cookie has it."`
		Credential map[string]any `json:"credential" openapi:"description=What toJSON of the browser's credential returns."`
	}
	passkeyCreate struct {
		Credential map[string]any `json:"credential" openapi:"description=What toJSON of the browser's credential returns."`
		Label      string         `json:"label,omitempty" openapi:"description=For its owner; at most 200 bytes."`
	}
	passkeyPendingCreate struct {
		Pending    string         `json:"pending,omitempty" openapi:"description=Of the login that waits. Left out: the browser's cookie has it."`
		Credential map[string]any `json:"credential" openapi:"description=What toJSON of the browser's credential returns."`
		Label      string         `json:"label,omitempty" openapi:"description=For its owner; at most 200 bytes."`
	}
	passkeyRead struct {
		ID        string    `json:"id"`
		Kind      string    `json:"kind"`
		Label     string    `json:"label"`
		CreatedAt time.Time `json:"created_at"`
	}
)

// The codes of a passkey that is to prove something.
var asserting = []string{
	core.CodePasskeyUnknown, core.CodePasskeyBadChallenge, core.CodePasskeyRefused, core.CodeRateLimited,
}

type handler func(ctx context.Context, r *core.Request) (*core.Response, error)

// public returns a route that answers anyone. Its name begins with the flow's
// and the backend's.
func (s *site) public(name, pattern string, d core.Doc, h handler) core.Route {
	return core.Route{
		Name: "passkey:" + s.svc.Backend.Name + "." + name, Method: http.MethodPost, Pattern: pattern, Public: true, Doc: d,
		Handle: h,
	}
}

// own returns a route for users of this backend.
func (s *site) own(name, pattern string, guard core.Guard, d core.Doc, h handler) core.Route {
	route := s.public(name, pattern, d, h)
	route.Public = false
	route.Guards = append(slices.Clone(s.svc.Env.AccountGuards), core.Via(s.svc.Backend.Name), guard)
	return route
}

// logins are the routes of a login by a passkey alone, and by one after
// something else.
func (s *site) logins() []core.Route {
	pending := append([]string{core.CodeLoginBadCredentials}, asserting...)
	return []core.Route{
		s.public("first_options", "/login/passkey/options", core.Doc{
			Summary: "Ask for the options of a login by a passkey", Status: http.StatusOK, Answer: passkeyOptions{},
			Codes: []string{core.CodeRateLimited},
		}, s.firstOptions),
		s.public("first", "/login/passkey", core.Doc{
			Summary: "Log in by a passkey", Body: passkeyLogin{},
			Codes: append([]string{core.CodeLoginUserSuspended, core.CodeLoginUserNotVerified}, pending...),
		}, s.first),
		s.public("login_options", "/passkey/options", core.Doc{
			Summary: "Ask for the options of a passkey as second factor", Status: http.StatusOK,
			Body: passkeyPending{}, BodyOptional: true, Answer: passkeyOptions{},
			Codes: []string{core.CodeLoginBadCredentials, core.CodePasskeyUnknown, core.CodeRateLimited},
		}, s.nextOptions),
		s.public("login", "/passkey", core.Doc{
			Summary: "Go on with a login by a passkey", Body: passkeyPendingAnswer{}, Codes: pending,
		}, s.next),
	}
}

// proofs are the routes of a step-up.
func (s *site) proofs() []core.Route {
	return []core.Route{
		s.own("prove_options", "/prove/passkey/options", core.InPerson, core.Doc{
			Summary: "Ask for the options of a passkey as a proof of the current login", Status: http.StatusOK,
			Answer: passkeyOptions{}, Codes: []string{core.CodePasskeyUnknown, core.CodeRateLimited},
		}, s.proveOptions),
		s.own("prove", "/prove/passkey", core.InPerson, core.Doc{
			Summary: "Prove the current login by a passkey", Body: passkeyAnswer{}, Codes: asserting,
		}, s.prove),
	}
}

// registrations are the routes that add a passkey.
func (s *site) registrations() []core.Route {
	secure := s.svc.Security.Secure()
	taken := []string{core.CodeFactorExists, core.CodePasskeyTooMany}
	bad := []string{core.CodePasskeyBadChallenge, core.CodePasskeyRefused}
	waiting := []string{core.CodeLoginBadCredentials, core.CodeFactorUnverified, "403 Forbidden", core.CodeRateLimited}
	return []core.Route{
		s.own("begin", "/passkeys/options", secure, core.Doc{
			Summary: "Ask for the options of a new passkey", Status: http.StatusOK, Answer: passkeyOptions{},
			Codes: []string{core.CodeProofRequired, core.CodePasskeyTooMany, core.CodeRateLimited},
		}, s.registerOptions),
		s.own("confirm", "/passkeys", secure, core.Doc{
			Summary: "Register a passkey", Status: http.StatusCreated, Body: passkeyCreate{}, Answer: passkeyRead{},
			Codes: slices.Concat(bad, taken, []string{core.CodeProofRequired, core.CodeRateLimited}),
		}, s.register),
		s.public("enrol_begin", "/login/passkeys/options", core.Doc{
			Summary: "Ask for the options of a passkey inside a login that requires a factor", Status: http.StatusOK,
			Body: passkeyPending{}, BodyOptional: true, Answer: passkeyOptions{}, Codes: waiting,
		}, s.enrolOptions),
		s.public("enrol_confirm", "/login/passkeys", core.Doc{
			Summary: "Register a passkey inside a login, and go on with it", Body: passkeyPendingCreate{},
			Codes: slices.Concat(waiting, bad, []string{core.CodeFactorExists}),
		}, s.enrol),
	}
}

// limit counts a request by its client network, options apart from answers to
// them.
func (s *site) limit(ctx context.Context, r *core.Request, what string) error {
	return core.CheckNetworkLimit(ctx, s.svc.Limiter, "passkey-"+what, r.Remote, s.o.Requests)
}

// options is the answer with the options of a ceremony.
func (s *site) options(publicKey any) (*core.Response, error) {
	return core.JSON(http.StatusOK, optionsRead{publicKey, int(s.o.Lifetime / time.Second)})
}

// challenge makes one for a purpose at this backend.
func (s *site) challenge(purpose, subject string) ([]byte, error) {
	return s.challenges.make(s.svc.Env.Random, s.svc.Env.Now(), ceremony{s.svc.Backend.Name, purpose, subject})
}
