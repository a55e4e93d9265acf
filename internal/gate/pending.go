package gate

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// pending is what a pending ticket keeps of a login between its proofs.
type pending struct {
	Backend, Label string
	Proofs         []core.Proof
	Brief          bool                `json:",omitempty"`
	Identity       *core.OAuthIdentity `json:",omitempty"`

	expires time.Time // of the ticket
}

// suspend keeps the login as a pending ticket. The answer is a 403, so that a
// client without support for factors takes it for a refusal.
func (g *Gate) suspend(
	ctx context.Context, a core.Attempt, proofs []core.Proof, missing lack,
) (core.Admission, error) {
	raw, digest, err := core.NewSecret(g.Random)
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	data, err := json.Marshal(pending{
		Backend: a.Backend, Label: a.Label, Proofs: proofs, Brief: a.Brief, Identity: a.Identity.Portable(),
	})
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	u := a.User.Base()
	t := core.Ticket{
		Digest: digest, Purpose: pendingPurpose, UserID: u.ID, Email: u.EmailKey, Epoch: u.TokenEpoch, Data: data,
		Expires: g.Now().Add(pendingLifetime),
	}
	tries := t
	tries.Purpose, tries.Data = triesPurpose, nil
	if err := g.Tickets.Put(ctx, tries, false); err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	if err := g.Tickets.Put(ctx, t, false); err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	detail := map[string]any{"code": core.CodeLoginFactorRequired, "pending": raw, "factors": missing.factors}
	if missing.enrol != nil {
		detail = map[string]any{"code": core.CodeLoginEnrolment, "pending": raw, "enrol": missing.enrol}
	}
	answer, err := core.JSON(http.StatusForbidden, map[string]any{"detail": detail})
	if err != nil {
		return core.Admission{}, err
	}
	if holder := g.holders[a.Backend]; holder != nil {
		holder.Hold(answer, raw, pendingLifetime)
	}
	return core.Admission{Pending: raw, Factors: missing.factors, Enrol: missing.enrol, Answer: answer}, nil
}

// Peek implements core.Gate.
func (g *Gate) Peek(ctx context.Context, raw string, r *core.Request) (core.Pending, error) {
	b, err := g.mine()
	if err != nil {
		return core.Pending{}, err
	}
	raw, _ = held(g.holders[b.Name], raw, r)
	digest := core.Digest(raw)
	u, p, err := g.pending(ctx, digest)
	if err != nil {
		return core.Pending{}, err
	}
	if _, err := g.Tickets.Find(ctx, triesPurpose, digest); err != nil { // it has had all its tries
		return core.Pending{}, notPending(err)
	}
	missing, err := g.missing(ctx, u, p.Proofs)
	if err != nil {
		return core.Pending{}, core.Unavailable(err)
	}
	return core.Pending{
		ID: hex.EncodeToString(digest[:]), User: u, Backend: p.Backend, Proofs: p.Proofs,
		Factors: missing.factors, Enrol: missing.enrol, Expires: p.expires,
	}, nil
}

// Continue implements core.Gate.
func (g *Gate) Continue(ctx context.Context, raw string, r *core.Request, prove core.Prove) (core.Admission, error) {
	b, err := g.mine()
	if err != nil {
		return core.Admission{}, err
	}
	if g.Limit != nil && r != nil {
		if err := g.Limit(ctx, r); err != nil {
			return core.Admission{}, err
		}
	}
	raw, holder := held(g.holders[b.Name], raw, r)
	digest := core.Digest(raw)
	u, p, err := g.pending(ctx, digest)
	if err != nil {
		return core.Admission{}, err
	}
	if err := g.count(ctx, digest); err != nil {
		return core.Admission{}, err
	}
	proof, err := prove(ctx, u)
	if err != nil {
		return core.Admission{}, err
	}
	// Another request may have used or killed the ticket while this one
	// proved.
	if _, err := g.Tickets.Consume(ctx, pendingPurpose, digest); err != nil {
		return core.Admission{}, notPending(err)
	}
	a := core.Attempt{
		User: u, Proof: proof, Request: r, Backend: p.Backend, Label: p.Label, Brief: p.Brief, Identity: p.Identity,
	}
	admission, err := g.admit(ctx, a, core.AddProof(p.Proofs, proof))
	if err == nil && holder != nil && admission.Pending == "" {
		holder.Release(admission.Answer)
	}
	return admission, err
}

// mine returns the gate's own backend.
func (g *Gate) mine() (core.Backend, error) {
	b, ok := g.backend(g.own)
	if !ok {
		return b, &core.Error{
			Status: http.StatusInternalServerError,
			Cause:  errors.New("a login goes on at its own backend: the flow that continues it must be PerBackend"),
		}
	}
	return b, nil
}

// held returns the secret of a pending login, which is the one in the request's
// cookie if raw is "". The holder is nil unless the request brings one.
func held(holder core.Holder, raw string, r *core.Request) (secret string, _ core.Holder) {
	if holder == nil || r == nil {
		return raw, nil
	}
	kept := holder.Held(r)
	if kept == "" {
		return raw, nil
	}
	return cmp.Or(raw, kept), holder
}

// pending returns the user and the login of a ticket that may go on here.
func (g *Gate) pending(ctx context.Context, digest [32]byte) (core.AnyUser, pending, error) {
	var p pending
	t, err := g.Tickets.Find(ctx, pendingPurpose, digest)
	if err != nil {
		return nil, p, notPending(err)
	}
	if err := json.Unmarshal(t.Data, &p); err != nil {
		return nil, p, core.Unavailable(err)
	}
	p.expires = t.Expires
	u, err := g.Users.Find(ctx, core.ByID(t.UserID))
	if err != nil {
		return nil, p, notPending(err)
	}
	if b := u.Base(); p.Backend != g.own || b.Blocked(g.Now()) || b.TokenEpoch != t.Epoch {
		return nil, p, core.Refuse(core.CodeLoginBadCredentials)
	}
	return u, p, nil
}

// count takes one of a ticket's tries before it is made, so that any number of
// concurrent ones is no more. One beyond them is not made, as it would use up a
// recovery code for nothing. It is counted on a ticket of its own: the fifth
// try may kill that, and must not kill a right one that is under way.
func (g *Gate) count(ctx context.Context, digest [32]byte) error {
	if err := g.Tickets.Fail(ctx, triesPurpose, digest, pendingTries); err != nil {
		return notPending(err)
	}
	return nil
}

// notPending is the refusal of a ticket, or a user, that is no more.
func notPending(err error) error {
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return core.Refuse(core.CodeLoginBadCredentials)
	}
	return core.Unavailable(err)
}
