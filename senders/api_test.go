package senders_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// API sends mail through the HTTP API of a mail service.
type API struct {
	Client   *http.Client
	URL, Key string
}

var subjects = map[string]string{core.MailVerify: "Confirm your e-mail address",
	core.MailReset: "Choose a new password", core.MailLogin: "Your code", core.MailNotice: "Your account was changed"}

// Send makes one attempt. Latchkey retries after an error.
func (a API) Send(ctx context.Context, m core.Mail) error {
	text := "Open this page to go on: " + m.Link
	switch {
	case m.Kind == core.MailNotice: // flows/notices has the words
		text = "What happened: " + m.Notice.What + " at " + m.Notice.At.String()
	case m.Code != "":
		text = "Type this code to go on: " + m.Code
	}
	body, err := json.Marshal(map[string]string{"to": m.To, "subject": subjects[m.Kind], "text": text})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+a.Key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := a.Client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the mail service answered %s", resp.Status) // its body may quote the token
	}
	return nil
}
