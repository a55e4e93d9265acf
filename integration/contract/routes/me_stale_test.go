package routes_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// proofRequired is the refusal of a change in a login whose proofs are older
// than 10 minutes.
const proofRequired = patchMe + `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}} `

// A new password or address takes the current password, or a proof that is
// not older than 10 minutes.
func TestPatchMeInAStaleLogin(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, other := a.NewUser(t), a.NewUser(t)
		mine := a.LogIn(t, "session", u)
		bad := patchMe + "400 UPDATE_USER_BAD_CURRENT_PASSWORD "
		a.Want(t, bad+"(wrong, though the login is fresh)", mine,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": harness.OtherPassword}))
		a.Advance(10 * time.Minute)
		a.Want(t, patchMe+"200 (10 minutes old)", mine, harness.JSONObject(harness.Object{"email": "first." + u.Email}))
		a.Advance(time.Second)
		u.Email = "first." + u.Email

		a.Want(t, proofRequired+"(password)", mine, harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
		a.Want(t, proofRequired+"(e-mail)", mine, harness.JSONObject(harness.Object{"email": "second." + u.Email}))
		a.Want(t, proofRequired+"(null is no current password)", mine,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": nil}))
		a.Want(t, proofRequired+"(before the policy)", mine, harness.JSONObject(harness.Object{"password": "short"}))
		a.Want(t, proofRequired+"(before existence)", mine, harness.JSONObject(harness.Object{"email": other.Email}))
		a.Want(t, patchMe+"422 body.email value_error (before the proof)", mine,
			harness.JSONObject(harness.Object{"email": "no e-mail", "password": harness.OtherPassword}))
		a.Want(t, patchMe+"422 body.current_password string_type", mine,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": 12345678}))
		a.Want(t, bad+"(before the policy)", mine, harness.JSONObject(harness.Object{"password": "short", "current_password": harness.OtherPassword}))
		a.Want(t, bad+"(before existence)", mine, harness.JSONObject(harness.Object{"email": other.Email, "current_password": harness.OtherPassword}))
		a.Want(t, bad+"(empty)", mine, harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": ""}))
		a.Want(t, patchMe+"400 {UPDATE_USER_INVALID_PASSWORD, reason} (right, then the policy)", mine,
			harness.JSONObject(harness.Object{"password": "short", "current_password": harness.Password}))
		a.Want(t, patchMe+"400 UPDATE_USER_EMAIL_ALREADY_EXISTS (right, then existence)", mine,
			harness.JSONObject(harness.Object{"email": other.Email, "current_password": harness.Password}))

		u.FullName = "Grace Hopper"
		a.Want(t, patchMe+"200 (an own field, the same address, and a wrong current password that nothing needs)", mine,
			harness.JSONObject(harness.Object{"full_name": u.FullName, "email": u.Email, "current_password": harness.OtherPassword})).WantUser(t, u)
		a.Want(t, patchMe+"200 (the current password)", mine,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": harness.Password})).WantUser(t, u)
		a.Want(t, "POST /auth/jwt/login 200 (the new password)", harness.LoginForm(u.Email, harness.OtherPassword))
	})
}

// A challenge of RFC 9470 stands beside the refusal of bearer backends only.
func TestProofRequiredCarriesAChallenge(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for _, backend := range harness.Backends {
			mine := a.LogIn(t, backend, u)
			a.Advance(10*time.Minute + time.Second)
			want := `Bearer error="insufficient_user_authentication", max_age=600`
			if backend == "cookie" {
				want = ""
			}
			got := a.Want(t, proofRequired+"("+backend+")", mine, harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
			if got.Header.Get("WWW-Authenticate") != want {
				t.Errorf("%s: got the challenge %q, want %q", backend, got.Header.Get("WWW-Authenticate"), want)
			}
		}
	})
}
