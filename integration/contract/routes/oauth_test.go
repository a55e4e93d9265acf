package routes_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestOAuthOfFastAPIUsers(t *testing.T) {
	t.Parallel()
	s := takeOver(t, cheaply,
		harness.WithOAuth(t, func(o *oauth.Options) { o.Providers[0].Provider.(*harness.Acme).ID = "fake" }))
	fake := s.ServeProvider(t, "fake")
	for subject, email := range map[string]string{"id-gal": "gal@camelot.bt", "id-liskov": "barbara@example.org"} {
		login := s.Want(t, "GET "+fake+"/callback 200",
			s.Consent(t, fake, harness.Identity(subject, "elsewhere@example.org")))
		token, _ := login.Member(t, "access_token").(string)
		id, _, _, _ := s.reads(t, email)
		if me := s.Want(t, "GET /users/me 200", harness.Bearer(token)); me.Member(t, "id") != id {
			t.Errorf("%s logs in as %s", subject, me.Body)
		}
		if got := s.Want(t, "GET /auth/accounts 200", harness.Bearer(token)); !strings.Contains(got.Body,
			`"oauth_name":"fake"`) ||
			strings.Contains(got.Body, "AT-") {
			t.Errorf("the accounts of %s: %s", subject, got.Body)
		}
	}
	s.Want(t, "GET "+fake+"/callback 400 OAUTH_USER_ALREADY_EXISTS",
		s.Consent(t, fake, harness.Identity("id-new", "GAL@camelot.bt")))
}
