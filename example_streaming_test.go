package latchkey_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// mountEvents is the code of docs/guides/streaming.md.
func mountEvents(mux *http.ServeMux, auth *latchkey.Auth[Member], news <-chan string) {
	mux.Handle("GET /events",
		httpauth.Require(auth, latchkey.Streaming)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			login, stop := auth.Watch(r.Context())
			defer stop()
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Cache-Control", "no-store")
			out := http.NewResponseController(w)
			for {
				select {
				case <-login.Done(): // signed out, say, or the client has gone
					fmt.Fprint(w, "event: ended\ndata:\n\n")
					return
				case text := <-news:
					_ = out.SetWriteDeadline(time.Now().Add(10 * time.Second)) // the server's WriteTimeout is for whole answers
					fmt.Fprintf(w, "data: %s\n\n", text)
					if out.Flush() != nil {
						return
					}
				}
			}
		})))
}

// Server-sent events that end when the login does.
func ExampleAuth_Watch() {
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: sessions}},
	})
	if err != nil {
		panic(err)
	}
	mux, news := http.NewServeMux(), make(chan string, 1)
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Login("web"))
	mountEvents(mux, auth, news)
	server := httptest.NewServer(mux)
	defer server.Close()
	ask("POST", server.URL+"/auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`)
	var login struct{ Token string }
	_, answer := ask("POST", server.URL+"/auth/login", "",
		`{"username": "ada@example.org", "password": "analytical engine"}`)
	_ = json.Unmarshal(answer, &login)

	news <- "it is raining"
	resp, err := http.DefaultClient.Do(request("GET", server.URL+"/events", login.Token, ""))
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() && lines.Text() != "" {
		fmt.Println(lines.Text())
	}
	status, _ := ask("POST", server.URL+"/auth/logout", login.Token, "")
	fmt.Println("logout:", status)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
	// Output:
	// data: it is raining
	// logout: 204
	// event: ended
	// data:
}

// ask sends a request and returns the answer's status and body.
func ask(method, url, token, body string) (status int, answer []byte) {
	resp, err := http.DefaultClient.Do(request(method, url, token, body))
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	return resp.StatusCode, answer
}

// request has a JSON body and a token, if they are not "".
func request(method, url, token, body string) *http.Request {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("X-Token", token)
	}
	return r
}
