// Package senders_test shows how to write a sender.
package senders_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer KEY" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Println(strings.ReplaceAll(string(body), ",", ",\n "))
	}))
	defer service.Close()

	mail := core.Mail{To: "ada@example.com", Kind: core.MailReset, Token: "SECRET",
		Link: "https://app.example.com/reset#token=SECRET"}
	for _, key := range []string{"KEY", "WRONG"} {
		var sender core.Sender = API{Client: service.Client(), URL: service.URL, Key: key}
		fmt.Println(sender.Send(context.Background(), mail))
	}
	// Output:
	// {"subject":"Choose a new password",
	//  "text":"Open this page to go on: https://app.example.com/reset#token=SECRET",
	//  "to":"ada@example.com"}
	// <nil>
	// the mail service answered 401 Unauthorized
}
