package site

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// Where returns the database's location, without a password that its URL may
// contain.
func (c Config) Where() string {
	if c.databasePath() != "" {
		return c.Database
	}
	return redacted(c.Database)
}

// SMTPHost returns the mail server's name, without the password of its URL.
func (c Config) SMTPHost() string {
	u, err := url.Parse(c.SMTPURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// redacted returns a server's URL without password and query, which may contain
// one too. It hides any other text, as any part of it may belong to a password.
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

// LogValue returns what "%+v" prints.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", c)) }

// MarshalJSON returns what "%+v" prints, as a JSON string.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprintf("%+v", c)) }
