// Package scratchcard is a second factor as another project writes it, against
// core alone: a card with ten words, of which each works once. No other code is
// about it.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{&scratchcard.Flow{}}, …
//	})
//
// It is for tests: it limits no tries beyond those of the gate.
package scratchcard

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Method is that of its proofs, the kind of its credentials and its name.
const Method = "card"

// Flow is the factor.
type Flow struct{ svc *core.Services }

// Bind implements core.Binder.
func (f *Flow) Bind(svc *core.Services) core.Flow { return &Flow{svc} }

// Name is "card".
func (*Flow) Name() string { return Method }

// PerBackend is true.
func (*Flow) PerBackend() bool { return true }

// Method is "card".
func (*Flow) Method() string { return Method }

// Kind implements core.Kinder: a card is a thing.
func (*Flow) Kind() core.ProofKind { return core.KindThing }

// Keeps implements core.Keeper.
func (*Flow) Keeps() core.Kept { return core.Kept{Kind: Method} }

// Asks those who have a card, until their proofs are strong.
func (f *Flow) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	if f.svc.Security.Strong(done) {
		return false, nil
	}
	_, err := f.svc.Credentials.Find(ctx, Method, u.Base().ID)
	if errors.Is(err, core.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

type (
	word struct {
		Word string `json:"word"`
	}
	// pendingWord is the body of a pending login's route.
	pendingWord struct {
		Pending string `json:"pending,omitempty"`
		word
	}
	card struct {
		Words []string `json:"words"`
	}
)

// Routes are a login's second proof, the step-up, and a new card.
func (*Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if svc.Credentials == nil {
		return nil, errors.New("flow card needs Options.Credentials")
	}
	name, own := Method+":"+svc.Backend.Name, []core.Guard{core.Via(svc.Backend.Name), core.InPerson}
	secure := append(slices.Clone(svc.Env.AccountGuards), core.Via(svc.Backend.Name), svc.Security.Secure())
	return []core.Route{
		{
			Name: name + ".login", Method: http.MethodPost, Pattern: "/card", Public: true,
			Doc: core.Doc{Summary: "Continue a login with a word of the card", Body: pendingWord{}},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				pending, typed, err := read(r)
				if err != nil {
					return nil, err
				}
				admission, err := svc.Gate.Continue(ctx, pending, r, prove(svc, typed))
				return admission.Answer, err
			},
		},
		{
			Name: name + ".prove", Method: http.MethodPost, Pattern: "/prove/card", Guards: own,
			Doc: core.Doc{Summary: "Prove the login once more with a word of the card", Body: word{}},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				_, typed, err := read(r)
				if err != nil {
					return nil, err
				}
				admission, err := svc.Gate.Prove(ctx, r, prove(svc, typed))
				return admission.Answer, err
			},
		},
		{
			Name: name + ".make", Method: http.MethodPost, Pattern: "/card/make", Guards: secure,
			Doc:    core.Doc{Summary: "Get a card", Status: http.StatusCreated, Answer: card{}},
			Handle: func(ctx context.Context, _ *core.Request) (*core.Response, error) { return issue(ctx, svc) },
		},
	}, nil
}

func read(r *core.Request) (pending, typed string, err error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return "", "", err
	}
	pending, _, bad := in.String("pending")
	typed, missing := in.Required("word")
	return pending, typed, core.AddProblems(err, bad, missing)
}

// errWrong undoes the use of a word that is not on the card.
var errWrong = errors.New("no such word")

// prove accepts a word of the user's card, and strikes it off.
func prove(svc *core.Services, typed string) core.Prove {
	return func(ctx context.Context, u core.AnyUser) (core.Proof, error) {
		c, err := svc.Credentials.Find(ctx, Method, u.Base().ID)
		if err == nil {
			_, err = svc.Credentials.Update(ctx, Method, c.Owner, c.ID, func(c *core.Credential) error {
				left := strings.Fields(string(c.Data))
				i := slices.Index(left, digest(typed))
				if i < 0 {
					return errWrong
				}
				c.Data, c.Used = []byte(strings.Join(slices.Delete(left, i, i+1), " ")), svc.Env.Now()
				return nil
			})
		}
		if errors.Is(err, errWrong) || errors.Is(err, core.ErrNotFound) {
			return core.Proof{}, core.Refuse("CARD_BAD_WORD")
		}
		if err != nil {
			return core.Proof{}, core.Unavailable(err)
		}
		return core.Proof{Method: Method, At: svc.Env.Now()}, nil
	}
}

// issue makes a card for the caller.
func issue(ctx context.Context, svc *core.Services) (*core.Response, error) {
	u := core.CurrentFrom(ctx).User
	e := &core.Event{Kind: core.EventFactorAdded, Backend: svc.Backend.Name, Method: Method, User: u}
	var made card
	err := svc.Events.Commit(ctx, e, func(ctx context.Context) (err error) {
		made.Words, e.Target, err = Issue(ctx, svc, u)
		return err
	})
	if errors.Is(err, core.ErrTaken) {
		return nil, &core.Error{Code: core.CodeFactorExists, Status: http.StatusConflict}
	}
	if err != nil {
		return nil, core.OrUnavailable(err)
	}
	return core.JSON(http.StatusCreated, made)
}

// Issue stores a card for a user, and returns its words and ID.
func Issue(ctx context.Context, svc *core.Services, u core.AnyUser) (words []string, id string, err error) {
	var digests []string
	for range 10 {
		word, _, err := core.NewSecret(svc.Env.Random)
		if err != nil {
			return nil, "", err
		}
		words, digests = append(words, word), append(digests, digest(word))
	}
	c := &core.Credential{
		Owner: u.Base().ID, Kind: Method, Key: u.Base().ID, Data: []byte(strings.Join(digests, " ")), Created: svc.Env.Now(),
	}
	err = svc.Credentials.Create(ctx, c, 0)
	return words, c.ID, err
}

// digest is what is kept of a word.
func digest(word string) string {
	d := core.Digest(word)
	return hex.EncodeToString(d[:])
}
