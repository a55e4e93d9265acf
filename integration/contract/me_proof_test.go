package contract_test

import (
	"testing"
	"time"
)

// proofRequired is the refusal of a change in a login whose proofs are older
// than 10 minutes.
const proofRequired = patchMe + `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}} `

// M80: a new password or address takes the current password, or a proof that is
// not older than 10 minutes.
func TestPatchMeInAStaleLogin(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, other := a.user(t), a.user(t)
		mine := a.login(t, "session", u)
		bad := patchMe + "400 UPDATE_USER_BAD_CURRENT_PASSWORD "
		a.row(t, bad+"(wrong, though the login is fresh)", mine,
			members(object{"password": another, "current_password": another}))
		a.pass(10 * time.Minute)
		a.row(t, patchMe+"200 (10 minutes old)", mine, members(object{"email": "first." + u.Email}))
		a.pass(time.Second)
		u.Email = "first." + u.Email

		a.row(t, proofRequired+"(password)", mine, members(object{"password": another}))
		a.row(t, proofRequired+"(e-mail)", mine, members(object{"email": "second." + u.Email}))
		a.row(t, proofRequired+"(null is no current password)", mine,
			members(object{"password": another, "current_password": nil}))
		a.row(t, proofRequired+"(before the policy)", mine, members(object{"password": "short"}))
		a.row(t, proofRequired+"(before existence)", mine, members(object{"email": other.Email}))
		a.row(t, patchMe+"422 body.email value_error (before the proof)", mine,
			members(object{"email": "no e-mail", "password": another}))
		a.row(t, patchMe+"422 body.current_password string_type", mine,
			members(object{"password": another, "current_password": 12345678}))
		a.row(t, bad+"(before the policy)", mine, members(object{"password": "short", "current_password": another}))
		a.row(t, bad+"(before existence)", mine, members(object{"email": other.Email, "current_password": another}))
		a.row(t, bad+"(empty)", mine, members(object{"password": another, "current_password": ""}))
		a.row(t, patchMe+"400 {UPDATE_USER_INVALID_PASSWORD, reason} (right, then the policy)", mine,
			members(object{"password": "short", "current_password": password}))
		a.row(t, patchMe+"400 UPDATE_USER_EMAIL_ALREADY_EXISTS (right, then existence)", mine,
			members(object{"email": other.Email, "current_password": password}))

		u.FullName = "Grace Hopper"
		a.row(t, patchMe+"200 (an own field, the same address, and a wrong current password that nothing needs)", mine,
			members(object{"full_name": u.FullName, "email": u.Email, "current_password": another})).wantUser(t, u)
		a.row(t, patchMe+"200 (the current password)", mine,
			members(object{"password": another, "current_password": password})).wantUser(t, u)
		a.want(t, "POST /auth/jwt/login 200 (the new password)", form("username", u.Email, "password", another))
	})
}

// M80: wrong current passwords are on the count of failed logins.
func TestWrongCurrentPasswordsCount(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, other := a.user(t), a.user(t)
		mine, theirs := a.login(t, "session", u), a.login(t, "session", other)
		wrong := members(object{"password": another, "current_password": "not the password"})
		for range 5 {
			a.want(t, patchMe+"400 UPDATE_USER_BAD_CURRENT_PASSWORD", mine, wrong)
		}
		right := members(object{"password": another, "current_password": password})
		a.row(t, patchMe+"429 RATE_LIMITED (the right one, after 5 wrong ones)", mine, right).wantWait(t, 5*time.Minute)
		a.row(t, "POST /auth/jwt/login 429 RATE_LIMITED (and at login)", form("username", u.Email, "password", password))
		a.row(t, patchMe+"200 (another user)", theirs, right).wantUser(t, other)
		a.pass(5 * time.Minute)
		a.row(t, patchMe+"200 (after 5 minutes)", mine, right).wantUser(t, u)
	})
}

// A challenge of RFC 9470 stands beside the refusal of bearer backends only.
func TestProofRequiredCarriesAChallenge(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		for _, backend := range backends {
			mine := a.login(t, backend, u)
			a.pass(10*time.Minute + time.Second)
			want := `Bearer error="insufficient_user_authentication", max_age=600`
			if backend == "cookie" {
				want = ""
			}
			got := a.row(t, proofRequired+"("+backend+")", mine, members(object{"password": another}))
			if got.header.Get("WWW-Authenticate") != want {
				t.Errorf("%s: got the challenge %q, want %q", backend, got.header.Get("WWW-Authenticate"), want)
			}
		}
	})
}
