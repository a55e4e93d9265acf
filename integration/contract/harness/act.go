package harness

import "testing"

// Act lets an administrator, whose credential at a backend is mine, act as a
// user, and returns what presents the credential of that.
func (a *App) Act(t *testing.T, backend string, mine Option, u *Account) Option {
	t.Helper()
	return a.Admitted(t, backend, a.Want(t, "POST /auth/"+backend+"/impersonate "+LoginStatus(backend), mine,
		JSONObject(Object{"user_id": u.ID, "reason": "A test"})))
}

// Admitted returns what presents the credential of a login's answer.
func (a *App) Admitted(t *testing.T, backend string, got Answer) Option {
	t.Helper()
	if backend == "cookie" {
		return Credential(backend, got.Cookie(t).Value)
	}
	return Credential(backend, got.Member(t, "access_token").(string))
}
