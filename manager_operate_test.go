package latchkey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
)

func TestManagerListsAndEndsSessions(t *testing.T) {
	a := newApp(t, nil)
	ctx, m := context.Background(), a.Manager()
	id := a.register("ada@example.org").member("id")
	other := a.register("bob@example.org").member("id")
	first := a.login("ada@example.org", password).member("token")
	second := a.login("ada@example.org", password).member("token")
	a.login("bob@example.org", password)

	living, err := m.Sessions(ctx, id)
	check(t, err, nil)
	if len(living) != 2 || living[0].UserID != id || living[0].Created.Before(living[1].Created) {
		t.Fatalf("got %+v", living)
	}
	check(t, m.EndSession(ctx, other, living[0].ID), core.ErrNotFound) // another user's
	check(t, m.EndSession(ctx, id, "none"), core.ErrNotFound)
	check(t, m.EndSession(ctx, "nobody", living[0].ID), core.ErrNotFound)
	check(t, m.EndSession(ctx, id, living[0].ID), nil)
	check(t, m.EndSession(ctx, id, living[0].ID), core.ErrNotFound)
	a.want("GET", "/active", second, "", 401, "")
	a.want("GET", "/active", first, "", 200, "ada")

	check(t, m.EndSessions(ctx, id), nil)
	living, err = m.Sessions(ctx, id)
	check(t, err, nil)
	if len(living) != 0 {
		t.Errorf("after EndSessions %d are left", len(living))
	}
	_, err = m.Sessions(ctx, "nobody")
	check(t, err, core.ErrNotFound)
}

func TestManagerMakesAResetLink(t *testing.T) {
	a := newApp(t, nil)
	ctx, m := context.Background(), a.Manager()
	a.register("ada@example.org")
	ada, err := m.FindByEmail(ctx, "ada@example.org")
	check(t, err, nil)
	const newer = "a completely new password"

	older, _, err := m.ResetLink(ctx, ada.ID)
	check(t, err, nil)
	link, expires, err := m.ResetLink(ctx, ada.ID)
	check(t, err, nil)
	token, ok := strings.CutPrefix(link, "https://app.example.org/reset#token=")
	if left := time.Until(expires); !ok || left < 59*time.Minute || left > time.Hour {
		t.Errorf("got %q until %v", link, expires)
	}
	_, olderToken, _ := strings.Cut(older, "token=")
	_, err = m.ResetPassword(ctx, olderToken, newer)
	check(t, err, latchkey.Refuse(core.CodeResetBadToken))
	session := a.login("ada@example.org", password).member("token")
	u, err := m.ResetPassword(ctx, token, newer)
	check(t, err, nil)
	if u.IsVerified {
		t.Error("a link that went to no mailbox has verified it")
	}
	a.want("GET", "/active", session, "", 401, "")
	a.login("ada@example.org", newer)
	_, err = m.ResetPassword(ctx, token, newer)
	check(t, err, latchkey.Refuse(core.CodeResetBadToken))

	check(t, m.ForgotPassword(ctx, "ada@example.org"), nil) // the twin: a mail verifies
	u, err = m.ResetPassword(ctx, a.lastMail("reset").Token, newer)
	check(t, err, nil)
	if !u.IsVerified {
		t.Error("the token of a mail has not verified the mailbox")
	}
	link, _, err = m.ResetLink(ctx, ada.ID) // who is verified stays so
	check(t, err, nil)
	_, token, _ = strings.Cut(link, "token=")
	u, err = m.ResetPassword(ctx, token, newer)
	check(t, err, nil)
	if !u.IsVerified {
		t.Error("a link has taken the verification away")
	}
}

func TestManagerMakesNoResetLink(t *testing.T) {
	a := newApp(t, nil)
	ctx, m := context.Background(), a.Manager()
	id := a.register("ada@example.org").member("id")
	_, _, err := m.ResetLink(ctx, "nobody")
	check(t, err, core.ErrNotFound)
	no := false
	_, err = m.Update(ctx, id, latchkey.Changes[Member]{IsActive: &no})
	check(t, err, nil)
	link, _, err := m.ResetLink(ctx, id)
	check(t, err, reset.ErrBlocked)
	if link != "" {
		t.Errorf("got %q", link)
	}
	bare, err := latchkey.New(a.users, options[Member]())
	check(t, err, nil)
	if _, _, err := bare.Manager().ResetLink(ctx, id); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("got %v", err)
	}
}

// linkRecorder hears of links, and refuses them.
type linkRecorder struct {
	latchkey.Flow
	seen   []string
	refuse error
}

func (*linkRecorder) Name() string                                { return "recorder" }
func (*linkRecorder) PerBackend() bool                            { return false }
func (*linkRecorder) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (r *linkRecorder) On(_ context.Context, _ *core.Services, e core.Event) {
	if e.Kind == core.EventResetLink {
		r.seen = append(r.seen, e.User.Base().Email+" by "+e.Actor.Kind)
	}
}

func (r *linkRecorder) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	if e.Kind == core.EventResetLink {
		return r.refuse
	}
	return nil
}

func TestAResetLinkIsAnEvent(t *testing.T) {
	r := &linkRecorder{}
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, r) })
	ctx, m := context.Background(), a.Manager()
	id := a.register("ada@example.org").member("id")
	_, _, err := m.ResetLink(ctx, id)
	check(t, err, nil)
	if len(r.seen) != 1 || r.seen[0] != "ada@example.org by system" {
		t.Errorf("heard %q", r.seen)
	}
	r.refuse = latchkey.Refuse("NO_LINKS")
	_, _, err = m.ResetLink(ctx, id)
	check(t, err, r.refuse)
	r.refuse = errors.New("down")
	_, _, err = m.ResetLink(ctx, id)
	check(t, err, core.Unavailable(nil))
}
