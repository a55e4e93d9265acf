package gothprovider

import (
	"net/http"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// newTransport returns a transport that reads a whole response, within its
// bounds, before goth sees it.
func newTransport(o Options) (outbound.Transport, error) {
	t := outbound.Transport{HTTPS: o.Transport, Check: checkAnswer}
	if o.Transport == nil {
		t.HTTPS = outbound.Direct()
	}
	if o.InsecureLoopback {
		t.HTTP = outbound.Loopback()
	}
	theirs, ok := o.Transport.(*http.Transport)
	if !ok {
		return t, nil
	}
	bounded, err := outbound.Bounded(theirs)
	t.HTTPS = bounded
	return t, err
}

// checkAnswer returns an error unless the response is a success with strict
// JSON: what goth decodes may differ from what others read.
func checkAnswer(resp *http.Response, body []byte) ([]byte, error) {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, unsuccessful{resp.StatusCode, outbound.CodeRefused(resp.StatusCode, outbound.ErrorWord(body))}
	}
	resp.Header.Set("Content-Type", "application/json") // some services send text/plain, which x/oauth2 takes for a form
	_, err := outbound.ParseJSON(body)
	return body, err
}
