package latchkey_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
)

func TestManagerDoesOutsideHTTPWhatTheRoutesDo(t *testing.T) {
	a := newApp(t, nil)
	ctx, m := context.Background(), a.Manager()
	boss := &Member{User: latchkey.User{Email: "Boss@Example.org", IsActive: true, IsSuperuser: true}, Nick: "boss"}
	check(t, m.Create(ctx, boss, password), nil)
	if boss.ID == "" || boss.EmailKey != "boss@example.org" || boss.CreatedAt.IsZero() {
		t.Errorf("Create left %+v", boss)
	}
	check(t, m.Create(ctx, &Member{User: latchkey.User{Email: "boss@EXAMPLE.org"}}, password),
		latchkey.Refuse(core.CodeRegisterUserExists))
	check(t, m.Create(ctx, &Member{User: latchkey.User{Email: "not an address"}}, password), core.Invalid())
	check(t, m.Create(ctx, &Member{User: latchkey.User{Email: "x@example.org"}}, "short"),
		latchkey.Refuse(core.CodeRegisterPassword))
	check(t, m.Create(ctx, &Member{User: latchkey.User{Email: "x@example.org"}}, "unhashable by this hasher"),
		latchkey.Refuse(core.CodeRegisterPassword))

	found, err := m.Find(ctx, boss.ID)
	check(t, err, nil)
	byEmail, err := m.FindByEmail(ctx, "BOSS@example.org")
	check(t, err, nil)
	if found.Nick != "boss" || byEmail.ID != boss.ID {
		t.Errorf("Find returned %+v, FindByEmail %+v", found, byEmail)
	}
	_, err = m.Find(ctx, "nobody")
	check(t, err, core.ErrNotFound)
	_, err = m.FindByEmail(ctx, "not an address")
	check(t, err, core.ErrNotFound)

	_, err = m.Authenticate(ctx, "boss@example.org", "wrong")
	check(t, err, latchkey.Refuse(core.CodeLoginBadCredentials))
	u, err := m.Authenticate(ctx, "boss@example.org", password)
	check(t, err, nil)
	if u.ID != boss.ID {
		t.Errorf("Authenticate returned %+v", u)
	}
}

func TestManagerUpdatesAndDeletes(t *testing.T) {
	a := newApp(t, nil)
	ctx, m := context.Background(), a.Manager()
	id := a.register("ada@example.org").member("id")
	token := a.login("ada@example.org", password).member("token")
	yes, no, next := true, false, "a completely new password"
	u, err := m.Update(ctx, id, latchkey.Changes[Member]{IsVerified: &yes, Edit: func(u *Member) error {
		u.Credits = 7
		u.IsSuperuser, u.HashedPassword, u.ID = true, "", "x" // base columns are not Edit's to change
		return nil
	}})
	check(t, err, nil)
	if !u.IsVerified || u.Credits != 7 || u.IsSuperuser || u.ID != id {
		t.Errorf("Update left %+v", u)
	}
	a.want("GET", "/active", token, "", 200, "ada")
	mine := errors.New("the application's own refusal")
	_, err = m.Update(ctx, id, latchkey.Changes[Member]{IsVerified: &no, Edit: func(*Member) error { return mine }})
	check(t, err, mine)
	a.want("GET", "/users/me", token, "", 200, `"is_verified":true`)

	_, err = m.Update(ctx, id, latchkey.Changes[Member]{Password: &next})
	check(t, err, nil)
	a.want("GET", "/active", token, "", 401, "")
	token = a.login("ada@example.org", next).member("token")
	check(t, m.EndSessions(ctx, id), nil)
	a.want("GET", "/active", token, "", 401, "")
	token = a.login("ada@example.org", next).member("token")
	_, err = m.Update(ctx, id, latchkey.Changes[Member]{IsActive: &no})
	check(t, err, nil)
	_, err = m.Authenticate(ctx, "ada@example.org", next)
	check(t, err, latchkey.Refuse(core.CodeLoginBadCredentials))
	_, err = m.Update(ctx, id, latchkey.Changes[Member]{IsActive: &yes})
	check(t, err, nil)
	a.want("GET", "/active", token, "", 401, "") // what a deactivation ended stays ended
	token = a.login("ada@example.org", next).member("token")
	check(t, m.Delete(ctx, id), nil)
	a.want("GET", "/active", token, "", 401, "")
	check(t, m.Delete(ctx, id), core.ErrNotFound)
	_, err = m.Update(ctx, id, latchkey.Changes[Member]{IsActive: &yes})
	check(t, err, core.ErrNotFound)
}

func TestManagerSendsMailsAndTakesTheirTokens(t *testing.T) {
	a := newApp(t, nil)
	ctx, m := context.Background(), a.Manager()
	a.register("ada@example.org")
	check(t, m.RequestVerify(ctx, "Ada@example.org"), nil)
	check(t, m.ForgotPassword(ctx, "ada@example.org"), nil)
	check(t, m.ForgotPassword(ctx, "nobody@example.org"), nil)
	check(t, m.ForgotPassword(ctx, "no address"), core.Invalid())
	verifyMail, resetMail := a.lastMail("verify"), a.lastMail("reset")
	if !strings.HasPrefix(verifyMail.Link, "https://app.example.org/verify#token=") || verifyMail.To != "ada@example.org" {
		t.Errorf("the mail has To %q, Link %q", verifyMail.To, verifyMail.Link)
	}
	u, err := m.Verify(ctx, verifyMail.Token)
	check(t, err, nil)
	if !u.IsVerified {
		t.Error("Verify left the user unverified")
	}
	_, err = m.Verify(ctx, verifyMail.Token)
	check(t, err, latchkey.Refuse(core.CodeVerifyAlreadyVerified))
	_, err = m.ResetPassword(ctx, resetMail.Token, "short")
	check(t, err, latchkey.Refuse(core.CodeResetPassword))
	_, err = m.ResetPassword(ctx, resetMail.Token, "a completely new password")
	check(t, err, nil)
	_, err = m.ResetPassword(ctx, resetMail.Token, "and another new password")
	check(t, err, latchkey.Refuse(core.CodeResetBadToken))
	_, err = m.Authenticate(ctx, "ada@example.org", "a completely new password")
	check(t, err, nil)
}

func TestManagerUndoesAChangeOfAddress(t *testing.T) {
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, emailchange.Flow{Confirm: true}) })
	ctx, m := context.Background(), a.Manager()
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true, IsVerified: true}}
	check(t, m.Create(ctx, ada, password), nil)
	moved := "eve@example.net"
	u, err := m.Update(ctx, ada.ID, latchkey.Changes[Member]{Email: &moved})
	check(t, err, nil)
	if u.Email != moved || u.IsVerified {
		t.Errorf("a Manager's change does not count at once: %s", u.Email)
	}
	undo := a.lastMail(core.MailEmailUndo)
	_, err = m.ConfirmEmail(ctx, undo.Token)
	check(t, err, latchkey.Refuse(core.CodeEmailChangeBadToken))
	u, err = m.UndoEmail(ctx, undo.Token)
	check(t, err, nil)
	if u.Email != "ada@example.org" || !u.IsVerified || u.HashedPassword != "" {
		t.Errorf("the user is %+v", u.User)
	}
	_, err = m.UndoEmail(ctx, undo.Token)
	check(t, err, latchkey.Refuse(core.CodeEmailChangeBadToken))
}

func TestManagerConfirmsAnAddress(t *testing.T) {
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Flows = append(o.Flows, emailchange.Flow{Confirm: true}) })
	a.register("ada@example.org")
	token := a.login("ada@example.org", password).member("token")
	a.want("PATCH", "/users/me", token, `{"email": "countess@example.org"}`, 200, "ada@example.org")
	u, err := a.Manager().ConfirmEmail(context.Background(), a.lastMail(core.MailEmailChange).Token)
	check(t, err, nil)
	if u.Email != "countess@example.org" || !u.IsVerified {
		t.Errorf("the user is %+v", u.User)
	}
}

func TestManagerSaysWhichFlowIsMissing(t *testing.T) {
	a, err := latchkey.New(newApp(t, nil).users, options[Member]())
	check(t, err, nil)
	ctx, m := context.Background(), a.Manager()
	_, verifyErr := m.Verify(ctx, "x")
	_, resetErr := m.ResetPassword(ctx, "x", "y")
	_, confirmErr := m.ConfirmEmail(ctx, "x")
	_, undoErr := m.UndoEmail(ctx, "x")
	for _, err := range []error{confirmErr, undoErr} {
		if err == nil || !strings.Contains(err.Error(), "the flow email-change is not in Options.Flows") {
			t.Errorf("got %v", err)
		}
	}
	for _, err := range []error{verifyErr, resetErr, m.RequestVerify(ctx, "a@b.org"), m.ForgotPassword(ctx, "a@b.org")} {
		if err == nil || !strings.Contains(err.Error(), "is not in Options.Flows") {
			t.Errorf("got %v", err)
		}
	}
}

func check(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got error %v, want %v", got, want)
	}
}
