package features_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// apiKeys is a strategy of API keys ("acme_" and a secret) and the flow by
// which people manage theirs. A key has scopes and a lifetime; it outlives a
// new password, and ends with its user.
type apiKeys struct {
	store   core.CredentialStore
	backend string
	scopes  []string // all that there are
	now     func() time.Time
}

const (
	keyPrefix  = "acme_"
	keyKind    = "api-key"
	keysMax    = 3 // of a user
	keyMaxLife = 90 * 24 * time.Hour
)

// publicKey is what its owner sees of a key; Key itself once.
type publicKey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Hint      string    `json:"hint"`
	Scopes    []string  `json:"scopes"`
	ExpiresAt time.Time `json:"expires_at"`
	Key       string    `json:"key,omitempty"`
}

// keyData is what a credential keeps of a key.
type keyData struct {
	Hint   string
	Scopes []string
}

func (apiKeys) Standing() bool { return true }

func (apiKeys) Issue(context.Context, core.Login) (core.Token, error) {
	return core.Token{}, errors.New("API keys are made by their flow, not by a login")
}

// Verify asks for no key that does not begin with the prefix.
func (k apiKeys) Verify(ctx context.Context, token string) (core.Found, error) {
	secret, ok := strings.CutPrefix(token, keyPrefix)
	if !ok {
		return core.Found{}, core.ErrNoCredential
	}
	return k.found(k.store.Find(ctx, keyKind, digest(secret)))
}

// Recheck implements core.Rechecker.
func (k apiKeys) Recheck(ctx context.Context, s *core.Session) (core.Found, error) {
	all, err := k.store.List(ctx, keyKind, s.UserID)
	if err != nil {
		return core.Found{}, err
	}
	for _, c := range all {
		if c.ID == s.ID {
			return k.found(c, nil)
		}
	}
	return core.Found{}, core.ErrInvalid
}

func (k apiKeys) found(c *core.Credential, err error) (core.Found, error) {
	if errors.Is(err, core.ErrNotFound) {
		return core.Found{}, core.ErrInvalid
	}
	if err != nil {
		return core.Found{}, err
	}
	var data keyData
	if err := json.Unmarshal(c.Data, &data); err != nil {
		return core.Found{}, err
	}
	return core.Found{Session: &core.Session{
		ID: c.ID, UserID: c.Owner, Backend: k.backend, Label: c.Label, Epoch: core.AnyEpoch,
		Scopes: append([]string{}, data.Scopes...), Created: c.Created, Expires: c.Expires,
	}}, nil
}

func (k apiKeys) Revoke(ctx context.Context, s *core.Session) error {
	if err := k.store.Delete(ctx, keyKind, s.UserID, s.ID); !errors.Is(err, core.ErrNotFound) {
		return err
	}
	return nil
}

func (apiKeys) Name() string     { return "api-keys" }
func (apiKeys) PerBackend() bool { return false }

// Purge implements core.Purger: what an earlier holder of the account has made
// ends when its address is proved.
func (k apiKeys) Purge(ctx context.Context, userID string) (removed int, err error) {
	all, err := k.store.List(ctx, keyKind, userID)
	for _, c := range all {
		if err = errors.Join(err, k.store.Delete(ctx, keyKind, userID, c.ID)); err == nil {
			removed++
		}
	}
	return removed, err
}

// Routes implements core.Flow. None names a scope, so no key can make a key.
func (k apiKeys) Routes(svc *core.Services) ([]core.Route, error) {
	guards := svc.Env.AccountGuards
	fresh := append(slices.Clone(guards), core.Fresh(10*time.Minute))
	return []core.Route{
		{Name: "api-keys:list", Method: http.MethodGet, Pattern: "/api-keys", Guards: guards,
			Doc:    core.Doc{Summary: "The own API keys", Status: http.StatusOK, Answer: []publicKey{}},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) { return k.list(ctx) }},
		{Name: "api-keys:create", Method: http.MethodPost, Pattern: "/api-keys", Guards: fresh,
			Doc:    core.Doc{Summary: "Make an API key", Status: http.StatusCreated, Answer: publicKey{}},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return k.create(ctx, svc, r) }},
		{Name: "api-keys:delete", Method: http.MethodDelete, Pattern: "/api-keys/{id}", Guards: guards,
			Doc:    core.Doc{Summary: "Revoke an API key", Status: http.StatusNoContent},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return k.remove(ctx, svc, r) }},
	}, nil
}

func (k apiKeys) list(ctx context.Context) (*core.Response, error) {
	all, err := k.store.List(ctx, keyKind, core.CurrentFrom(ctx).Session.UserID)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	out := []publicKey{}
	for _, c := range all {
		var data keyData
		if err := json.Unmarshal(c.Data, &data); err != nil {
			return nil, core.Unavailable(err)
		}
		out = append(out, publicKey{ID: c.ID, Name: c.Label, Hint: data.Hint, Scopes: data.Scopes, ExpiresAt: c.Expires})
	}
	return core.JSON(http.StatusOK, out)
}

func (k apiKeys) create(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadJSON(r)
	if err != nil {
		return nil, err
	}
	var scopes []string
	var seconds int64
	name, noName := in.Required("name")
	known := json.Unmarshal(in["scopes"], &scopes) == nil && len(scopes) > 0 &&
		!slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(k.scopes, s) })
	timed := in["expires_in"] == nil || json.Unmarshal(in["expires_in"], &seconds) == nil && seconds > 0 &&
		seconds <= int64(keyMaxLife/time.Second)
	problems := []*core.Problem{noName, problem(known, "scopes", "name one scope or more that there are"),
		problem(timed, "expires_in", "give the seconds, at most 90 days"), problem(len(name) <= 100, "name", "too long")}
	if err := core.InvalidProblems(problems...); err != nil {
		return nil, err
	}
	life := keyMaxLife
	if seconds > 0 {
		life = time.Duration(seconds) * time.Second
	}
	secret, _, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	data := keyData{Hint: secret[len(secret)-4:], Scopes: scopes}
	encoded, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	u, now := core.CurrentFrom(ctx).User, k.now().UTC().Truncate(time.Microsecond)
	var made core.Credential
	e := &core.Event{Kind: "api_key.made", User: u}
	err = svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		made = core.Credential{
			Owner: u.Base().ID, Kind: keyKind, Key: digest(secret), Label: name, Data: encoded, Created: now,
			Expires: now.Add(life),
		}
		err := k.store.Create(ctx, &made, keysMax)
		e.Target = made.ID
		return err
	})
	if errors.Is(err, core.ErrFull) {
		return nil, core.Refuse("API_KEY_LIMIT")
	}
	if err != nil {
		return nil, answer(err)
	}
	return core.JSON(http.StatusCreated, publicKey{
		ID: made.ID, Name: name, Hint: data.Hint, Scopes: scopes, ExpiresAt: made.Expires, Key: keyPrefix + secret,
	})
}

func (k apiKeys) remove(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	u, id := core.CurrentFrom(ctx).User, r.Param("id")
	e := &core.Event{Kind: "api_key.revoked", User: u, Target: id}
	err := svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		return k.store.Delete(ctx, keyKind, u.Base().ID, id)
	})
	if errors.Is(err, core.ErrNotFound) {
		return nil, core.NotFound()
	}
	if err != nil {
		return nil, answer(err)
	}
	return core.Empty(http.StatusNoContent), nil
}

// answer returns err where it is an answer, else a 503.
func answer(err error) error {
	if e := (*core.Error)(nil); errors.As(err, &e) {
		return e
	}
	return core.Unavailable(err)
}

func problem(fine bool, name, msg string) *core.Problem {
	if fine {
		return nil
	}
	p := core.BadValue(name, msg)
	return &p
}

func digest(secret string) string {
	d := core.Digest(secret)
	return hex.EncodeToString(d[:])
}
