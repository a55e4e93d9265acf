package smtpsender_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/canary"
	"github.com/latchkey-go/latchkey/senders/smtpsender"
)

func TestL11Options(t *testing.T) {
	for name, url := range map[string]string{
		"L11 password":                "smtps://ada:" + canary.Secret + "@mail.example.com",
		"L11 password with a slash":   "smtp://ada:12/" + canary.Secret + "@mail.example.com",
		"L11 port is the password's":  "smtp://ada:587/@" + canary.Secret,
		"L11 user is the password":    "smtp://" + canary.Secret + "@mail.example.com",
		"L11 password in the query":   "smtp://mail.example.com?password=" + canary.Secret,
		"L11 password in no URL":      "smtp://ada:%zz" + canary.Secret + "@mail.example.com",
		"L11 password without scheme": "ada:" + canary.Secret + "@mail.example.com",
	} {
		t.Run(name, func(t *testing.T) {
			for _, problem := range canary.Options(smtpsender.Options{URL: url}, "From", "App", "Hello") {
				t.Error(problem)
			}
		})
	}
	o := smtpsender.Options{URL: "smtps://ada:" + canary.Secret + "@mail.example.com", From: "Acme <no-reply@example.com>"}
	t.Run("L11 sender", func(t *testing.T) {
		sender, err := smtpsender.New(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range append(canary.Value(sender, canary.Secret), canary.Value(*sender, canary.Secret)...) {
			t.Error(problem)
		}
	})
	t.Run("L11 twin: server and user are printed", func(t *testing.T) {
		if text := fmt.Sprint(o); !strings.Contains(text, "smtps://ada:xxxxx@mail.example.com") {
			t.Error(text)
		}
	})
}
