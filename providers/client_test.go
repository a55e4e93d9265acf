package providers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/providers/providertest"
)

func oauth2Options(base string) providers.OAuth2Options {
	return providers.OAuth2Options{
		Name: "acme", AuthorizeURL: base + "/authorize", TokenURL: base + "/token", ProfileURL: base + "/me",
		RevokeURL: base + "/revoke",
		ClientID:  "the-client", ClientSecret: "the-secret", Fields: providers.Fields{Subject: "{id}", Email: "{email}"},
	}
}

func finish(p core.Provider) (core.OAuthIdentity, core.OAuthTokens, error) {
	return p.Finish(context.Background(), core.OAuthFinish{
		Code: "the-code", Verifier: strings.Repeat("v", 43), Nonce: "the-nonce", RedirectURI: "https://app.example/callback",
		Form: url.Values{},
	})
}

// tokenThenProfile responds to the calls of a login of user 7.
func tokenThenProfile(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		fmt.Fprint(w, `{"access_token":"the-access-token"}`)
		return
	}
	fmt.Fprint(w, `{"id":7}`)
}

func TestPlainHTTPIsForLoopback(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(tokenThenProfile))
	defer server.Close()
	o := oauth2Options(server.URL)
	if _, err := providers.OAuth2(o); err == nil {
		t.Error("plain HTTP is taken without InsecureLoopback")
	}
	o.InsecureLoopback = true
	p, err := providers.OAuth2(o)
	if err != nil {
		t.Fatal(err)
	}
	if who, _, err := finish(p); err != nil || who.Subject != "7" {
		t.Errorf("on loopback: %q, %v", who.Subject, err)
	}
	for _, host := range []string{"http://192.0.2.1", "http://[2001:db8::1]", "http://0.0.0.0"} {
		o := oauth2Options(host)
		o.InsecureLoopback = true
		p, err := providers.OAuth2(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := finish(p); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(tokenThenProfile))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	p, err := providers.OAuth2(oauth2Options(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := finish(p); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody: %v", err)
	}
}

func TestAnAnswerHasOneMiB(t *testing.T) {
	for size, good := range map[int]bool{1 << 20: true, 1<<20 + 1: false, 2 << 20: false} {
		who, _, err := finish(answering(t, `{"id":7}`+strings.Repeat(" ", size-len(`{"id":7}`))))
		if (err == nil) != good || (who.Subject == "7") != good {
			t.Errorf("of %d bytes: %q, %v", size, who.Subject, err)
		}
	}
}

// All calls of an operation share its ten seconds.
func TestTheTimeIsForAllCallsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := providertest.NewNetwork(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(6 * time.Second):
				tokenThenProfile(w, r)
			case <-r.Context().Done():
			}
		}))
		defer network.Close()
		p, err := providers.OAuth2By(network.Dial, oauth2Options("https://idp.example"))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, _, err = finish(p)
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestARefusedCodeTellsItsCode(t *testing.T) {
	for name, c := range map[string]struct {
		status       int
		answer, want string
	}{
		"RFC 6749":        {400, `{"error":"invalid_client","error_description":"the-code"}`, "invalid_client"},
		"GitHub, by 200":  {200, `{"error":"bad_verification_code","error_description":"the-code"}`, "bad_verification_code"},
		"an unknown code": {400, `{"error":"the-code"}`, "400"},
		"a text":          {200, `the-access-token`, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			network := providertest.NewNetwork(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.answer)
			}))
			defer network.Close()
			p, err := providers.OAuth2By(network.Dial, oauth2Options("https://idp.example"))
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = finish(p)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "the-") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
