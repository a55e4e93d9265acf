package names_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
)

func TestAttackM90(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		a.register(object{"email": "grace@example.org"}, 201, `"username":null`)
		for what, name := range map[string]string{
			"an @-sign": "ada@home", "another's address": "grace@example.org", "of full width": "grace＠example.org",
			"confusable": "\u0430da.lovelace", "60,000 bytes": strings.Repeat("a", 6e4),
		} {
			a.register(object{"username": name}, 422, `["body","username"]`)
			if status, _ := a.login(name, password); name != "grace@example.org" && status != 400 {
				t.Errorf("M90 %s: a login is answered %d", what, status)
			}
		}
		a.register(object{"username": strings.Repeat("a", 1e5)}, 413, core.CodeBodyTooLarge)
		a.register(object{"username": "Ada.Lovelace"}, 201, `"username":"Ada.Lovelace"`) // twin
		a.register(object{"username": "ada.LOVELACE"}, 400, core.CodeRegisterNameExists)
		a.register(object{"username": "ａｄａ.lovelace"}, 400, core.CodeRegisterNameExists)
		if status, _ := a.login("ADA.lovelace", password); status != 200 {
			t.Errorf("M90 twin: the login by the name is answered %d", status)
		}
	})
}

// TestAttackM90Race: of 64 who register one name at once, one gets it, and
// nothing is left of the others.
func TestAttackM90Race(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		answers := make([]string, 16)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				status, answer := a.send("POST /auth/register", "", object{
					"username": "Ada", "email": fmt.Sprintf("ada%d@example.org", i), "password": password,
				})
				answers[i] = fmt.Sprint(status, " ", answer)
			})
		}
		all.Wait()
		made := 0
		for i, answer := range answers {
			_, err := a.Manager().FindByEmail(t.Context(), fmt.Sprintf("ada%d@example.org", i))
			switch {
			case strings.HasPrefix(answer, "201") && err == nil:
				made++
			case strings.HasPrefix(answer, "400") && strings.Contains(answer, core.CodeRegisterNameExists) && err != nil:
			default:
				t.Errorf("M90: %s, and the user is found: %v", answer, err == nil)
			}
		}
		if made != 1 {
			t.Errorf("M90: %d users have the name", made)
		}
	})
}

func TestAttackM91(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		a.register(object{"username": "Ada", "email": "ada@example.org"}, 201, "")
		a.register(object{"username": "Grace", "email": "grace@example.org"}, 201, "")
		for i := range 5 {
			identifier := []string{"ada", "ada@example.org"}[i%2]
			if status, _ := a.login(identifier, "wrong password"); status != 400 {
				t.Errorf("M91: failure %d is answered %d", i+1, status)
			}
		}
		for _, identifier := range []string{"ada@example.org", "ada"} {
			if status, _ := a.login(identifier, password); status != 400 {
				t.Errorf("M91: after five failures by both, the right password with %s is answered %d", identifier, status)
			}
		}
		for range 4 {
			a.login("grace", "wrong password")
		}
		if status, _ := a.login("grace@example.org", password); status != 200 {
			t.Errorf("M91 twin: after four failures the login is answered %d", status)
		}
	})
}

func TestAttackM92(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		a.register(object{"username": "Ada"}, 201, `"email":null`)
		a.register(object{"username": "Grace", "email": "grace@example.org"}, 201, "")
		for _, route := range []string{"POST /auth/forgot-password", "POST /auth/request-verify-token",
			"POST /auth/api/mail-login"} {
			for identifier, mails := range map[string]int{"ada": 0, "nobody": 0, "grace": 1, "grace@example.org": 1} {
				before := a.mails()
				a.want(route, "", object{"email": identifier}, 202, "")
				if got := a.mails() - before; got != mails {
					t.Errorf("M92 %s: %d mails for %s, want %d", route, got, identifier, mails)
				}
			}
		}
	})
}

// TestAttackM37Twin: a user without an address may have a second factor, as
// nobody can take the account over by a mailbox.
func TestAttackM37Twin(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		a.register(object{"username": "Ada"}, 201, "")
		a.register(object{"username": "Eve", "email": "victim@example.org"}, 201, "")
		_, eve := a.login("eve", password)
		a.want("POST /auth/api/totp/begin", eve, nil, 403, core.CodeFactorUnverified)
		_, token := a.login("ada", password)
		answer := a.want("POST /auth/api/totp/begin", token, nil, 200, `Ada?`)
		secret, enrolment := member(answer, "secret"), member(answer, "enrolment")
		a.want("POST /auth/api/totp/confirm", token, object{
			"enrolment": enrolment, "code": authtest.TOTP(t, secret), "label": "phone",
		}, 200, "access_token")
		a.want("POST /auth/api/login", "", object{"username": "ada", "password": password}, 403, core.CodeLoginFactorRequired)
	})
}

// member is a text of a JSON object.
func member(answer, name string) string {
	_, rest, _ := strings.Cut(answer, `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
