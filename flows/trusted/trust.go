package trusted

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// trustedBrowser is the answer. Its name is that of the schema in the API
// document.
type trustedBrowser struct {
	ID string `json:"id" openapi:"description=As in GET /factors."`
}

// Routes are the one that trusts the browser that asks, of a backend whose
// token browsers send by themselves; none for any other one.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if err := f.check(svc); err != nil {
		return nil, err
	}
	if !svc.Backend.BrowserSent {
		return nil, nil
	}
	f.backends[svc.Backend.Name] = browser{svc.Backend}
	return []core.Route{{
		Name: "trusted:" + svc.Backend.Name + ".create", Method: http.MethodPost, Pattern: "/trusted-devices",
		Guards: append(slices.Clone(svc.Env.AccountGuards), core.Via(svc.Backend.Name), core.InPerson, secure(svc)),
		Doc: core.Doc{
			Summary: "Trust this browser: logins in it need no second factor for a while",
			Status:  http.StatusCreated, Answer: trustedBrowser{}, Codes: []string{core.CodeNoFactor},
			Body: struct {
				Label string `json:"label,omitempty" openapi:"description=What its owner calls it; by default what the browser calls itself."`
			}{},
			BodyOptional: true,
		},
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.trust(ctx, svc, r) },
	}}, nil
}

// kinds are the kinds of the credentials that prove by these methods.
var kinds = map[string]string{
	core.MethodTOTP: core.MethodTOTP, core.MethodPasskey: core.MethodPasskey, core.MethodSecurityKey: core.MethodPasskey,
}

func (f Flow) trust(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	label, err := labelOf(r)
	if err != nil {
		return nil, err
	}
	c := core.CurrentFrom(ctx)
	u := c.User
	secret, digest, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	now := svc.Env.Now()
	made := core.Credential{
		Owner: u.Base().ID, Kind: kind, Key: keyOf(digest), Label: cmp.Or(label, device(r)),
		Created: now, Expires: now.Add(f.Lifetime),
	}
	e := &core.Event{Kind: core.EventFactorAdded, Backend: svc.Backend.Name, Method: kind, User: u, Request: r}
	err = svc.Events.Commit(ctx, e, func(ctx context.Context) (err error) {
		e.Target, err = f.store(ctx, svc, c, made, r)
		return err
	})
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	resp, err := core.JSON(http.StatusCreated, trustedBrowser{e.Target})
	if err == nil {
		browser{svc.Backend}.keep(resp, secret, f.Lifetime)
	}
	return resp, err
}

// labelOf reads the body, which may be left out.
func labelOf(r *core.Request) (string, error) {
	in, err := core.ReadOptionalJSON(r)
	if in == nil {
		return "", err
	}
	label, _, problem := in.String("label")
	if problem == nil && len(label) > core.CredentialLabelMax {
		bad := core.BadValue("label", "String should have at most 200 bytes")
		problem = &bad
	}
	return label, core.AddProblems(err, problem)
}

// secure is Security.Secure, and the proof must be by something that the user
// has: a password of now makes no code of an hour ago fresh.
func secure(svc *core.Services) core.Guard {
	g := svc.Security.Secure()
	g.Check = func(ctx context.Context, c *core.Current) error {
		methods, err := methodsOf(ctx, svc, c.User)
		if err != nil {
			return err
		}
		only := *c.Session // with what else was proved as if it were long ago
		only.Proofs = slices.Clone(only.Proofs)
		for i, p := range only.Proofs {
			if !slices.Contains(methods, p.Method) && !p.At.IsZero() {
				only.Proofs[i].At = time.Unix(0, 0)
			}
		}
		err = svc.Security.Secured(core.WithCurrent(ctx, core.Current{Session: &only, User: c.User}))
		if refusal := (*core.Error)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeProofRequired {
			named := *refusal
			named.Members = maps.Clone(refusal.Members)
			named.Members["methods"] = methods
			err = &named
		}
		return err
	}
	return g
}

// latest returns the latest proof by one of the methods.
func latest(s *core.Session, methods []string) (proof core.Proof) {
	for _, p := range s.Proofs {
		if slices.Contains(methods, p.Method) && p.At.After(proof.At) {
			proof = p
		}
	}
	return proof
}

// methodsOf returns those by which a user can trust a browser, sorted.
func methodsOf(ctx context.Context, svc *core.Services, u core.AnyUser) (methods []string, err error) {
	has, err := svc.Security.HasFactor(ctx, u)
	if err == nil && !has {
		err = noFactor()
	}
	if err != nil {
		return nil, err
	}
	all, err := svc.Credentials.List(ctx, "", u.Base().ID)
	if err != nil {
		return nil, err
	}
	if methods = methodsIn(all); methods == nil {
		return nil, noFactor()
	}
	return methods, nil
}

// methodsIn returns the methods by which credentials prove, sorted.
func methodsIn(all []*core.Credential) (methods []string) {
	for _, method := range slices.Sorted(maps.Keys(kinds)) {
		if slices.ContainsFunc(all, func(c *core.Credential) bool { return c.Kind == kinds[method] }) {
			methods = append(methods, method)
		}
	}
	return methods
}

// noFactor refuses trust that would spare nothing.
func noFactor() error { return &core.Error{Code: core.CodeNoFactor, Status: http.StatusConflict} }

// store keeps a browser, in place of what it was before and of those that are
// too many, and returns its ID. It runs in the transaction that has the lock of
// the user, who was read before: of an epoch that has risen meanwhile the
// browser is not trusted.
func (f Flow) store(
	ctx context.Context, svc *core.Services, c *core.Current, made core.Credential, r *core.Request,
) (id string, err error) {
	u := c.User.Base()
	if _, err := svc.Users.Lock(ctx, u.ID); err != nil { // or a factor could go, and leave what stands in for it
		return "", err
	}
	all, err := svc.Credentials.List(ctx, "", u.ID)
	if err != nil {
		return "", err
	}
	proof := latest(c.Session, methodsIn(all))
	data := row{Backend: svc.Backend.Name, Epoch: u.TokenEpoch}
	for _, c := range all {
		// A proof does not say which of several passkeys made it; that
		// of a JWT is in whole seconds.
		if c.Kind == kinds[proof.Method] && !c.Created.Truncate(time.Second).After(proof.At) {
			data.By = append(data.By, c.ID)
		}
	}
	if data.By == nil { // removed meanwhile, or another one in its place
		return "", noFactor()
	}
	if made.Data, err = json.Marshal(data); err != nil {
		return "", err
	}
	before, err := browser{svc.Backend}.find(ctx, svc, r)
	if err != nil {
		return "", err
	}
	_, err = f.remove(ctx, u.ID, func(c *core.Credential) bool {
		return before != nil && c.ID == before.ID || !holds(c, u, all)
	})
	if err != nil {
		return "", err
	}
	for range 3 {
		if err := f.makeRoom(ctx, u.ID); err != nil {
			return "", err
		}
		stored := made
		err = svc.Credentials.Create(ctx, &stored, f.MaxPerUser)
		if !errors.Is(err, core.ErrFull) { // else another one has come between, as there are no transactions
			return stored.ID, err
		}
	}
	return "", err
}

// makeRoom removes the oldest of a user's browsers so that one more fits.
func (f Flow) makeRoom(ctx context.Context, userID string) error {
	mine, err := f.svc.Credentials.List(ctx, kind, userID) // the oldest first
	if err != nil {
		return err
	}
	surplus := mine[:max(0, len(mine)-f.MaxPerUser+1)]
	_, err = f.remove(ctx, userID, func(c *core.Credential) bool {
		return slices.ContainsFunc(surplus, func(old *core.Credential) bool { return old.ID == c.ID })
	})
	return err
}

// backendOf is that of a row.
func backendOf(c *core.Credential) string {
	var data row
	_ = json.Unmarshal(c.Data, &data) // what is no row is of none
	return data.Backend
}
