package pages

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Notice is a sentence about what just happened, above the page.
type Notice struct {
	// Text is the sentence; Bad reports that something went wrong.
	Text string
	Bad  bool
}

const (
	noticeAge   = time.Minute
	languageAge = 365 * 24 * time.Hour
)

// cookieName is that of a cookie of the pages' own.
func (s *site) cookieName(what string) string {
	if s.svc.Backend.InsecureHTTP {
		return "latchkey-" + what
	}
	return "__Host-latchkey-" + what
}

// keep sets a cookie of the pages' own; a negative age drops it.
func (s *site) keep(resp *core.Response, what, value string, age time.Duration) {
	c := http.Cookie{
		Name: s.cookieName(what), Value: value, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true,
		Secure: !s.svc.Backend.InsecureHTTP, SameSite: http.SameSiteLaxMode,
	}
	resp.Header.Add("Set-Cookie", c.String())
}

// tell leaves a notice for the next page: its key, never its text, so that
// nobody can put words on a page.
func (v *visit) tell(resp *core.Response, key string) *core.Response {
	v.keep(resp, "notice", key, noticeAge)
	return resp
}

// onDay is the key of a notice with the day of a time.
func onDay(key string, at time.Time) string { return key + ":" + at.UTC().Format(time.DateOnly) }

// told returns the notice that was left for this page. A key is one of notice.*
// or a code; of a code without a text, such as a word of a provider, there is a
// general sentence.
func (v *visit) told(ctx context.Context) *Notice {
	key, err := core.CookieValue(v.r, v.cookieName("notice"))
	if err != nil || len(key) > 100 {
		return nil
	}
	good := strings.HasPrefix(key, "notice.")
	var args map[string]any
	if name, day, has := strings.Cut(key, ":"); has {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return nil
		}
		key, args = name, map[string]any{"day": day}
	}
	if text, known := v.say(ctx, key, args); known && (good || isCode(key)) {
		return &Notice{Text: text, Bad: !good}
	}
	if good {
		return nil
	}
	return &Notice{Text: v.texts.say("error.general"), Bad: true}
}

// isCode reports whether a key has the form of an error code.
func isCode(key string) bool {
	return key != "" && strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
