package site

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/internal/canary"
)

func TestL11Config(t *testing.T) {
	for name, database := range map[string]string{
		"password":              "postgres://ada:" + canary.Secret + "@db.example.com/app",
		"password in the query": "postgres://db.example.com/app?password=" + canary.Secret,
		"password with a slash": "mysql://ada:12/" + canary.Secret + "@db.example.com/app",
		"password with a hash":  "mysql://ada:12#" + canary.Secret + "@db.example.com/app",
		"password in no URL":    "mongodb://ada:%zz" + canary.Secret + "@db.example.com/app",
		"no scheme":             "ada:" + canary.Secret + "@db.example.com/app",
	} {
		t.Run("L11 "+name, func(t *testing.T) {
			cfg := Config{Database: database, SMTPURL: "smtps://ada:" + canary.Secret + "@mail.example.com", redis: "redis://:" +
				canary.Secret + "@r:6379"}
			for _, problem := range canary.Options(cfg, "Addr", "BaseURL", "store", "superuserEmail", "mailFrom",
				"localProviderAddr") {
				t.Error(problem)
			}
		})
		t.Run("A21 "+name, func(t *testing.T) {
			if text := welcome("quickstart", Config{Database: database}, "http://127.0.0.1:8080", true); strings.Contains(text,
				canary.Secret) {
				t.Errorf("the start prints the password: %s", text)
			}
		})
	}
	t.Run("L11 twins", func(t *testing.T) {
		cfg := Config{Database: "postgres://ada:secret@db.example.com/app", SMTPURL: "smtps://ada:secret@mail.example.com",
			redis: "redis://r:6379/1"}
		text := fmt.Sprint(cfg) + welcome("quickstart", cfg, "http://127.0.0.1:8080", true)
		for _, want := range []string{"postgres://ada:xxxxx@db.example.com/app", "smtps://ada:xxxxx@mail.example.com",
			"redis://r:6379/1", "by SMTP"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not printed: %s", want, text)
			}
		}
		if file := (Config{Database: "file:latchkey.db"}).Where(); file != "file:latchkey.db" {
			t.Error(file)
		}
	})
}
