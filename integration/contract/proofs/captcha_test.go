package proofs_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// solver takes the answer that it has, once.
type solver struct{ right chan string }

func (s solver) Check(_ context.Context, _ *core.Request, answer string) (bool, error) {
	select {
	case right := <-s.right:
		if answer == right {
			return true, nil
		}
		s.right <- right
	default:
	}
	return false, nil
}

// captcha is a riddle before a login, whose answer is taken once.
func captcha(t *testing.T, other *harness.App) {
	right := make(chan string, 1)
	a := other.Beside(t, func(_ *harness.App, o *harness.Options) { o.Captcha = solver{right} })
	u := a.NewUser(t)
	solved := func(password, answer string) harness.Option {
		return harness.Form("username", u.Email, "password", password, "captcha", answer)
	}
	const required = "POST /auth/jwt/login 400 CAPTCHA_REQUIRED"
	a.FailLogins(t, 5, u.Email)
	a.Want(t, required, harness.Case("Q16 no answer"), harness.LoginForm(u.Email, harness.Password))
	right <- "blue"
	a.Want(t, required, harness.Case("Q16 a wrong answer"), solved(harness.Password, "red"))
	a.Want(t, wrongLogin, harness.Case("Q16 the right answer and a wrong password"), solved(harness.OtherPassword, "blue"))
	a.Want(t, required, harness.Case("Q16 the same answer again"), solved(harness.Password, "blue"))
	a.Want(t, required, harness.Case("Q16 as JSON"), harness.JSONObject(harness.Object{
		"username": u.Email, "password": harness.Password, "captcha": "blue",
	}))
	right <- "green"
	a.Want(t, "POST /auth/jwt/login 200 (twin)", harness.JSONObject(harness.Object{
		"username": u.Email, "password": harness.Password, "captcha": "green",
	}))
	a.Want(t, "POST /auth/jwt/login 200 (twin, forgiven)", harness.LoginForm(u.Email, harness.Password))

	a.FailLogins(t, 5, u.Email)
	for i := range 45 {
		right <- fmt.Sprint(i)
		a.Want(t, wrongLogin, solved(harness.OtherPassword, fmt.Sprint(i)))
	}
	right <- "x"
	a.Want(t, wrongLogin, harness.Case("Q16 beyond the limit of a day"), solved(harness.Password, "x"))
}
