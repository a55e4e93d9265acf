package main

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers"
)

// config holds the settings from the environment.
type config struct {
	addr         string // ADDR, default 127.0.0.1:8080
	baseURL      string // BASE_URL that services send people back to, default http:// and ADDR
	databasePath string // DATABASE, default oauth.db
	// SECRET protects logins in progress, at least 32 bytes; default: a new
	// one at each start, which aborts them
	secret       []byte
	vault        []oauth.Key // VAULT_KEY, 32 bytes in base64; default: the services' tokens are not kept
	insecureHTTP bool        // INSECURE_HTTP=on: cookies without Secure, for browsers that refuse Secure ones from http

	services          []*providers.Provider // those whose variables are set
	localProvider     bool                  // LOCAL_PROVIDER=on; always on if no service is enabled
	localProviderAddr string                // LOCAL_PROVIDER_ADDR, a loopback address; default: a free port
}

// configFromEnv joins every problem with the environment.
func configFromEnv() (config, error) {
	services, err1 := servicesFromEnv(os.Getenv)
	vault, err2 := vault(os.Getenv("VAULT_KEY"))
	return config{
		addr:              cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"),
		baseURL:           os.Getenv("BASE_URL"),
		databasePath:      cmp.Or(os.Getenv("DATABASE"), "oauth.db"),
		secret:            []byte(cmp.Or(os.Getenv("SECRET"), rand.Text()+rand.Text())),
		vault:             vault,
		insecureHTTP:      os.Getenv("INSECURE_HTTP") == "on",
		services:          services,
		localProvider:     os.Getenv("LOCAL_PROVIDER") == "on" || len(services) == 0,
		localProviderAddr: os.Getenv("LOCAL_PROVIDER_ADDR"),
	}, errors.Join(err1, err2)
}

// Format prints the configuration without its secrets.
func (c config) Format(s fmt.State, verb rune) {
	type plain config
	c.secret, c.vault = nil, nil
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), plain(c))
}

// LogValue returns what "%+v" prints.
func (c config) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", c)) }

func vault(encoded string) ([]oauth.Key, error) {
	if encoded == "" {
		return nil, nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != 32 {
		return nil, errors.New("VAULT_KEY must be 32 random bytes in base64: openssl rand -base64 32")
	}
	return []oauth.Key{{ID: "v1", Secret: key}}, nil
}
