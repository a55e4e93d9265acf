package site

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey"
)

// Config holds the settings from the environment.
type Config struct {
	Addr     string // ADDR, default 127.0.0.1:8080
	Database string // DATABASE_URL: file:PATH of SQLite, postgres:, mysql: or mongodb:, default file:latchkey.db
	store    string // STORE of an SQL database: bunstore, the default, or sqlstore
	redis    string // REDIS_URL of sessions, limits and one-time codes; default: they are in the database
	BaseURL  string // BASE_URL of links in mails, default http:// and ADDR
	SMTPURL  string // SMTP_URL, smtp:// or smtps://; default: mail stays in GET /dev/outbox

	// SECRET signs JWTs, at least 32 bytes; default: generated once and
	// kept next to the database, if that is a file
	secret []byte

	superuserEmail, superuserPassword string // SUPERUSER_EMAIL, SUPERUSER_PASSWORD: created at start if both are set

	mailFrom     string // MAIL_FROM, default Latchkey <noreply@ and the host of BASE_URL>
	noLimits     bool   // LIMITS=off, for load tests
	noFactors    bool   // FACTORS=off: no second factors, no login by mail
	insecureHTTP bool   // INSECURE_HTTP=on: cookies without Secure, for browsers that refuse Secure ones from http

	// TRUSTED_PROXIES, "10.0.0.0/8,192.0.2.1/32": whose X-Forwarded-For is
	// trusted; default: none
	trustedProxies []netip.Prefix

	noLocalProvider   bool   // LOCAL_PROVIDER=off; always off if the program is not on loopback
	localProviderAddr string // LOCAL_PROVIDER_ADDR, a loopback address; default: a free port
}

// FromEnv reads the configuration from the environment.
func FromEnv() (Config, error) {
	cfg := Config{
		Addr:              cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"),
		Database:          cmp.Or(os.Getenv("DATABASE_URL"), "file:latchkey.db"),
		BaseURL:           os.Getenv("BASE_URL"),
		SMTPURL:           os.Getenv("SMTP_URL"),
		superuserEmail:    os.Getenv("SUPERUSER_EMAIL"),
		superuserPassword: os.Getenv("SUPERUSER_PASSWORD"),
		mailFrom:          os.Getenv("MAIL_FROM"),
		noLimits:          os.Getenv("LIMITS") == "off",
		noFactors:         os.Getenv("FACTORS") == "off",
		insecureHTTP:      os.Getenv("INSECURE_HTTP") == "on",
		store:             cmp.Or(os.Getenv("STORE"), "bunstore"),
		redis:             os.Getenv("REDIS_URL"),
		noLocalProvider:   os.Getenv("LOCAL_PROVIDER") == "off",
		localProviderAddr: os.Getenv("LOCAL_PROVIDER_ADDR"),
	}
	if databases[cfg.scheme()] == nil {
		return cfg, errors.New("DATABASE_URL must begin with file:, postgres:, mysql: or mongodb:")
	}
	if cfg.store != "bunstore" && cfg.store != "sqlstore" {
		return cfg, errors.New("STORE must be bunstore or sqlstore")
	}
	if (cfg.superuserEmail == "") != (cfg.superuserPassword == "") {
		return cfg, errors.New("SUPERUSER_EMAIL and SUPERUSER_PASSWORD must be set together, or not at all")
	}
	var err1, err2 error
	cfg.trustedProxies, err1 = prefixes(os.Getenv("TRUSTED_PROXIES"))
	cfg.secret, err2 = secret(os.Getenv("SECRET"), cfg.databasePath())
	return cfg, errors.Join(err1, err2)
}

func (c Config) scheme() string {
	scheme, _, _ := strings.Cut(c.Database, ":")
	return scheme
}

// databasePath returns the file of an SQLite database, or "" for a server.
func (c Config) databasePath() string {
	path, ok := strings.CutPrefix(c.Database, "file:")
	if !ok {
		return ""
	}
	path, _, _ = strings.Cut(path, "?")
	return path
}

func prefixes(list string) (all []netip.Prefix, err error) {
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES must be networks like 10.0.0.0/8: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// clientIP returns the default, the peer's address, unless proxies are named.
func (c Config) clientIP() latchkey.ClientIP {
	if len(c.trustedProxies) == 0 {
		return latchkey.Direct
	}
	return latchkey.Proxies(c.trustedProxies...)
}

// mailDelay returns the default for mail by SMTP; the delay hides who is
// registered. There is none for the outbox, where a developer looks at once.
func (c Config) mailDelay() time.Duration {
	if c.SMTPURL == "" {
		return -1
	}
	return 0
}

func (c Config) from(baseURL string) string {
	u, err := url.Parse(baseURL)
	if c.mailFrom != "" || err != nil {
		return c.mailFrom
	}
	return "Latchkey <noreply@" + u.Hostname() + ">"
}

// secret returns the given secret, or the one kept next to the database's file,
// which it creates if it is missing, so that tokens survive a restart.
func secret(given, database string) ([]byte, error) {
	if given != "" {
		return []byte(given), nil
	}
	if database == "" {
		return nil, errors.New("SECRET must be set, to the same 32 or more random characters in all processes of the application")
	}
	file := database + ".secret"
	kept, err := os.ReadFile(file)
	if err == nil {
		return kept, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var b [32]byte
	rand.Read(b[:])
	made := []byte(base64.RawURLEncoding.EncodeToString(b[:]))
	if err := os.WriteFile(file, made, 0o600); err != nil {
		return nil, fmt.Errorf("SECRET is not set and none can be kept: %w", err)
	}
	return made, nil
}
