package oauth_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
)

// Any application of a device can claim a scheme (RFC 8252, section 8.1), so a
// code that is sent to one is bound to a challenge, as soon as New takes one.
func TestO51OtherSchemesNeedAChallenge(t *testing.T) {
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, appendix B
	origins := []string{"com.example.app://done", "https://spa.example.org", "http://localhost:3000"}
	for target, needed := range map[string]bool{
		"com.example.app://done/in": true, "com.example.app://done": true,
		"/app": false, "https://spa.example.org/in": false, "http://localhost:3000/in": false,
	} {
		_, _, err := oauth.Redirect(origins, url.Values{"redirect_to": {target}})
		refusal := (*core.Error)(nil)
		if errors.As(err, &refusal) != needed || needed && refusal.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s without a challenge: %v", target, err)
		}
		to, c, err := oauth.Redirect(origins, url.Values{"redirect_to": {target}, "code_challenge": {challenge}})
		if err != nil || to != target || c != challenge {
			t.Errorf("%s with a challenge: %q, %q, %v", target, to, c, err)
		}
	}
}
