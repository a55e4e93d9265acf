package examples_test

import (
	"encoding/json"
	"strings"
	"time"
)

// wantMoves is of a user who gets another address, undoes that from the mailbox
// before, leaves, stays, and leaves again.
func (p *process) wantMoves() {
	const grace, moved = "grace@example.org", "moved@example.org"
	credentials := func(password string) string { return `{"email": "` + grace + `", "password": "` + password + `"}` }
	p.send("POST", "/auth/register", "", credentials("analytical engine"), 201)
	p.send("POST", "/auth/request-verify-token", "", `{"email": "`+grace+`"}`, 202)
	p.send("POST", "/auth/verify", "", p.mailed("verify", grace), 200)
	login := func(password string) string {
		_, body := p.send("POST", "/auth/session/login", "", credentials(password), 200)
		var answer struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			p.t.Fatal(err)
		}
		return answer.Token
	}
	token := login("analytical engine")
	if _, body := p.send("PATCH", "/users/me", token, `{"email": "`+moved+`"}`, 200); !strings.Contains(body, grace) {
		p.t.Errorf("the address counts at once: %s", body)
	}
	p.mailed("email-change-asked", grace)
	p.send("POST", "/auth/email/confirm", token, p.mailed("email-change", moved), 200)
	p.wantBody("/users/me", token, moved)
	p.send("POST", "/auth/email/undo", "", p.mailed("email-undo", grace), 200)
	p.send("GET", "/users/me", token, "", 401)
	reset := strings.TrimSuffix(p.mailed("reset", grace), "}") + `, "password": "difference engine"}`
	p.send("POST", "/auth/reset-password", "", reset, 200)
	token = login("difference engine")
	if _, body := p.send("POST", "/users/me/export", token, "", 200); !strings.Contains(body, grace) {
		p.t.Errorf("the copy is %s", body)
	}
	p.send("DELETE", "/users/me", token, "", 202)
	p.send("DELETE", "/users/me", token, "", 401)
	p.send("POST", "/auth/session/login", "", credentials("difference engine"), 400)
	p.send("POST", "/auth/leaving/undo", "", p.mailed("leaving", grace), 200)
	p.send("DELETE", "/users/me", login("difference engine"), "", 202)
}

// mailed returns the token of a mail of a kind to an address, as a body.
func (p *process) mailed(kind, to string) string {
	p.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		_, raw := p.send("GET", "/dev/outbox", "", "", 200)
		var mails []struct{ To, Kind, Token string }
		if err := json.Unmarshal([]byte(raw), &mails); err != nil {
			p.t.Fatal(err)
		}
		for _, m := range mails {
			if m.Kind == kind && m.To == to {
				return `{"token": "` + m.Token + `"}`
			}
		}
	}
	p.t.Fatalf("there is no %s mail to %s", kind, to)
	return ""
}
