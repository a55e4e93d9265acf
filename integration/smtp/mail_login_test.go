package smtp_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// journal is a log at debug level.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

var (
	codeLine  = regexp.MustCompile(`(?m)^(\d{8})$`)
	tokenLink = regexp.MustCompile(`#token=([A-Za-z0-9_-]{43,})`)
)

// What logs in by mail is in the mail alone: not in the log, whatever a server
// says that refuses it, and not in an answer.
func TestAttackL01MailLogin(t *testing.T) {
	t.Parallel()
	log := &journal{}
	var mu sync.Mutex
	var refused []string // the secrets of the mail that the server quotes
	s := &server{at: func(stage, got string) error {
		mu.Lock()
		defer mu.Unlock()
		if stage != "data" || refused != nil {
			return nil
		}
		refused = secretsOf(parse(t, got))
		said := "odd: " + strings.Join(refused, " and ")
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: said}
	}}
	s.start(t)
	auth, err := latchkey.New(memstore.NewUsers[core.User](), authtest.Options(t, latchkey.Options[core.User]{
		Flows: []latchkey.Flow{maillogin.Flow{SignUp: true}}, Sender: newSender(t, s, nil),
		Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})),
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close(context.WithoutCancel(t.Context())) })
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API())
	post := func(path, body string) *httptest.ResponseRecorder {
		at := "https://app.example.org" + path
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	asked := post("/auth/api/mail-login", `{"email": "ada@example.org"}`)
	flow := regexp.MustCompile(`"flow":"([^"]+)"`).FindStringSubmatch(asked.Body.String())
	if asked.Code != http.StatusAccepted || flow == nil {
		t.Fatalf("%d %s", asked.Code, asked.Body)
	}
	for range 2 { // attempts
		if err := auth.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mailed := secretsOf(parse(t, s.only(t).data))
	if !strings.Contains(log.String(), "451") || len(mailed) != 2 || len(refused) != 2 {
		t.Fatalf("the mail has %q, the log is %s", mailed, log)
	}
	wrong := post("/auth/api/mail-login/confirm", fmt.Sprintf(`{"flow": %q, "code": "00000000"}`, flow[1]))
	in := post("/auth/api/mail-login/confirm", fmt.Sprintf(`{"flow": %q, "code": %q}`, flow[1], mailed[0]))
	if in.Code != http.StatusOK {
		t.Errorf("by the code: %d %s", in.Code, in.Body) // the twin
	}
	for _, secret := range append(append(refused, mailed...), flow[1]) {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
		if strings.Contains(wrong.Body.String()+in.Body.String(), secret) {
			t.Errorf("%q is in an answer: %s %s", secret, wrong.Body, in.Body)
		}
	}
}

// secretsOf returns the code and the token of a mail.
func secretsOf(l letter) (secrets []string) {
	for _, pattern := range []*regexp.Regexp{codeLine, tokenLink} {
		if found := pattern.FindStringSubmatch(l.parts["text/plain"]); found != nil {
			secrets = append(secrets, found[1])
		}
	}
	return secrets
}
