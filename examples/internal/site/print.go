package site

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// Where is the database, without what its URL may hold of a password.
func (c Config) Where() string {
	if c.databasePath() != "" {
		return c.Database
	}
	return redacted(c.Database)
}

// SMTPHost is the mail server's name, without the password of its URL.
func (c Config) SMTPHost() string {
	u, err := url.Parse(c.SMTPURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// redacted is a server's URL without password and query, for that may hold one
// too. Of another text, any part may be one of the password.
func redacted(text string) string {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return ""
	case err != nil || u.Host == "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@"): // such as a / in the password
		return "[not a URL]"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

// Format prints the configuration without its secrets.
func (c Config) Format(s fmt.State, verb rune) {
	type plain Config
	c.Database, c.redis, c.SMTPURL = c.Where(), redacted(c.redis), redacted(c.SMTPURL)
	c.secret, c.superuserPassword = nil, ""
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), plain(c))
}

// LogValue is what "%+v" prints.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", c)) }

// MarshalJSON is what "%+v" prints, as a string.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprintf("%+v", c)) }
