package providers

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// hidden is printed in place of a secret.
const hidden = "[secret]"

// Format prints the options without the client secret.
func (o OAuth2Options) Format(s fmt.State, verb rune) {
	type plain OAuth2Options
	o.ClientSecret = hidden
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), plain(o))
}

// LogValue returns what "%+v" prints.
func (o OAuth2Options) LogValue() slog.Value { return logValue(o) }

// MarshalJSON returns what "%+v" prints, as a JSON string.
func (o OAuth2Options) MarshalJSON() ([]byte, error) { return marshal(o) }

// Format prints the options without the client secret.
func (o OIDCOptions) Format(s fmt.State, verb rune) {
	type plain OIDCOptions
	o.ClientSecret = hidden
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), plain(o))
}

// LogValue returns what "%+v" prints.
func (o OIDCOptions) LogValue() slog.Value { return logValue(o) }

// MarshalJSON returns what "%+v" prints, as a JSON string.
func (o OIDCOptions) MarshalJSON() ([]byte, error) { return marshal(o) }

// Format prints only the key's names.
func (k AppleKey) Format(s fmt.State, verb rune) {
	type plain AppleKey
	k.PEM = nil
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), plain(k))
}

// LogValue returns what "%+v" prints.
func (k AppleKey) LogValue() slog.Value { return logValue(k) }

// MarshalJSON returns what "%+v" prints, as a JSON string.
func (k AppleKey) MarshalJSON() ([]byte, error) { return marshal(k) }

func logValue(v fmt.Formatter) slog.Value { return slog.StringValue(fmt.Sprintf("%+v", v)) }

func marshal(v fmt.Formatter) ([]byte, error) { return json.Marshal(fmt.Sprintf("%+v", v)) }
