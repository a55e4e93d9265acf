package smtpsender

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
)

// Format prints the options without the URL's password.
func (o Options) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), o.redacted())
}

// LogValue returns what "%+v" prints.
func (o Options) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", o)) }

// MarshalJSON returns what "%+v" prints, as a JSON string.
func (o Options) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprintf("%+v", o)) }

// redacted returns a copy without methods that fmt would call. It omits a URL
// that New refuses, any part of which may belong to the password.
func (o Options) redacted() any {
	type plain Options
	p := plain(o)
	p.URL = "[url]"
	if u, err := url.Parse(o.URL); err == nil {
		if _, err := newServer(o); err == nil {
			p.URL = u.Redacted()
		}
	}
	return p
}
