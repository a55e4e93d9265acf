package main

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// config is what the environment says.
type config struct {
	addr     string       // ADDR, default 127.0.0.1:8080
	at       *net.TCPAddr // what ADDR has become
	database string       // DATABASE_URL, default file:latchkey.db
	baseURL  string       // BASE_URL of links in mails, default http:// and ADDR
	secret   []byte       // SECRET that signs JWTs, at least 32 bytes; default: made once and kept beside the database

	superuserEmail, superuserPassword string // SUPERUSER_EMAIL, SUPERUSER_PASSWORD: created at start when both are given

	smtpURL      string // SMTP_URL, smtp:// or smtps://; default: mails stay in GET /dev/outbox
	mailFrom     string // MAIL_FROM, default Latchkey <noreply@ and the host of BASE_URL>
	noLimits     bool   // LIMITS=off, for load tests
	insecureHTTP bool   // INSECURE_HTTP=on: cookies without Secure, for browsers that refuse Secure ones from http

	localProviderAddr string // LOCAL_PROVIDER_ADDR, a loopback address; default: a free port
}

func configFromEnv() (config, error) {
	cfg := config{
		addr:              cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"),
		database:          cmp.Or(os.Getenv("DATABASE_URL"), "file:latchkey.db"),
		baseURL:           os.Getenv("BASE_URL"),
		superuserEmail:    os.Getenv("SUPERUSER_EMAIL"),
		superuserPassword: os.Getenv("SUPERUSER_PASSWORD"),
		smtpURL:           os.Getenv("SMTP_URL"),
		mailFrom:          os.Getenv("MAIL_FROM"),
		noLimits:          os.Getenv("LIMITS") == "off",
		insecureHTTP:      os.Getenv("INSECURE_HTTP") == "on",
		localProviderAddr: os.Getenv("LOCAL_PROVIDER_ADDR"),
	}
	if !strings.HasPrefix(cfg.database, "file:") {
		return cfg, errors.New("DATABASE_URL must be file:PATH, the path of an SQLite database")
	}
	if (cfg.superuserEmail == "") != (cfg.superuserPassword == "") {
		return cfg, errors.New("SUPERUSER_EMAIL and SUPERUSER_PASSWORD are given together, or not at all")
	}
	var err error
	cfg.secret, err = secret(os.Getenv("SECRET"), cfg.databasePath()+".secret")
	return cfg, err
}

// listen opens ADDR, whose port may be 0, and completes what depends on it.
func (c *config) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("ADDR must be HOST:PORT, and free: %w", err)
	}
	c.at = listener.Addr().(*net.TCPAddr)
	if c.baseURL == "" {
		host, _, _ := net.SplitHostPort(c.addr)
		if c.at.IP.IsUnspecified() {
			host = "localhost"
		}
		c.baseURL = "http://" + net.JoinHostPort(host, strconv.Itoa(c.at.Port))
	}
	return listener, nil
}

// onLoopback tells that nobody but this machine reaches the program, and that it does not think otherwise.
func (c config) onLoopback() bool {
	u, err := url.Parse(c.baseURL)
	return err == nil && c.at.IP.IsLoopback() && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

// otherNames are those that a browser on this machine may call the program by.
func (c config) otherNames() []string {
	port := strconv.Itoa(c.at.Port)
	return []string{"http://localhost:" + port, "http://127.0.0.1:" + port}
}

func (c config) databasePath() string {
	path, _, _ := strings.Cut(strings.TrimPrefix(c.database, "file:"), "?")
	return path
}

func (c config) smtpHost() string {
	u, err := url.Parse(c.smtpURL)
	if err != nil {
		return ""
	}
	return u.Host
}

func (c config) from() string {
	u, err := url.Parse(c.baseURL)
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
