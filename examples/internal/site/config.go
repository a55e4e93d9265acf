package site

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Config is what the environment says.
type Config struct {
	Addr     string // ADDR, default 127.0.0.1:8080
	Database string // DATABASE_URL, default file:latchkey.db
	BaseURL  string // BASE_URL of links in mails, default http:// and ADDR
	SMTPURL  string // SMTP_URL, smtp:// or smtps://; default: mails stay in GET /dev/outbox

	secret []byte // SECRET that signs JWTs, at least 32 bytes; default: made once and kept beside the database

	superuserEmail, superuserPassword string // SUPERUSER_EMAIL, SUPERUSER_PASSWORD: created at start when both are given

	mailFrom     string // MAIL_FROM, default Latchkey <noreply@ and the host of BASE_URL>
	noLimits     bool   // LIMITS=off, for load tests
	insecureHTTP bool   // INSECURE_HTTP=on: cookies without Secure, for browsers that refuse Secure ones from http

	localProviderAddr string // LOCAL_PROVIDER_ADDR, a loopback address; default: a free port
}

// FromEnv reads it.
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
		insecureHTTP:      os.Getenv("INSECURE_HTTP") == "on",
		localProviderAddr: os.Getenv("LOCAL_PROVIDER_ADDR"),
	}
	if !strings.HasPrefix(cfg.Database, "file:") {
		return cfg, errors.New("DATABASE_URL must be file:PATH, the path of an SQLite database")
	}
	if (cfg.superuserEmail == "") != (cfg.superuserPassword == "") {
		return cfg, errors.New("SUPERUSER_EMAIL and SUPERUSER_PASSWORD are given together, or not at all")
	}
	var err error
	cfg.secret, err = secret(os.Getenv("SECRET"), cfg.databasePath()+".secret")
	return cfg, err
}

func (c Config) databasePath() string {
	path, _, _ := strings.Cut(strings.TrimPrefix(c.Database, "file:"), "?")
	return path
}

// SMTPHost is the mail server's name, without the password of its URL.
func (c Config) SMTPHost() string {
	u, err := url.Parse(c.SMTPURL)
	if err != nil {
		return ""
	}
	return u.Host
}

func (c Config) from(baseURL string) string {
	u, err := url.Parse(baseURL)
	if c.mailFrom != "" || err != nil {
		return c.mailFrom
	}
	return "Latchkey <noreply@" + u.Hostname() + ">"
}

// secret is the one given, or the one in the file, which is made when it is not there yet: tokens outlive a restart.
func secret(given, file string) ([]byte, error) {
	if given != "" {
		return []byte(given), nil
	}
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
