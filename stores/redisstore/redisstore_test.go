package redisstore_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

// nowhere returns options that New must refuse before it connects.
func nowhere(change func(*rueidis.ClientOption)) rueidis.ClientOption {
	c := rueidis.ClientOption{
		InitAddress: []string{"127.0.0.1:1"},
		DialCtxFn: func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
			return nil, errors.New("there is no server")
		},
	}
	change(&c)
	return c
}

func TestNewRefuses(t *testing.T) {
	for problem, change := range map[string]func(*rueidis.ClientOption){
		"there is no server": func(*rueidis.ClientOption) {},
		"InitAddress":        func(c *rueidis.ClientOption) { c.InitAddress = nil },
		"DisableCache":       func(c *rueidis.ClientOption) { c.DisableCache = true },
		"AlwaysRESP2":        func(c *rueidis.ClientOption) { c.AlwaysRESP2 = true },
		"Dialer.KeepAlive":   func(c *rueidis.ClientOption) { c.Dialer.KeepAlive = -1 },
		"KeepAlive":          func(c *rueidis.ClientOption) { c.Dialer.KeepAlive = 6 * time.Second },
		"ConnWriteTimeout":   func(c *rueidis.ClientOption) { c.ConnWriteTimeout = -1 },
		"Timeout":            func(c *rueidis.ClientOption) { c.ConnWriteTimeout = time.Minute },
		"Dialer.Timeout":     func(c *rueidis.ClientOption) { c.Dialer.Timeout = time.Minute },
		"replicas":           func(c *rueidis.ClientOption) { c.SendToReplicas = func(rueidis.Completed) bool { return true } },
		"from replicas":      func(c *rueidis.ClientOption) { c.ReplicaOnly = true },
		"not read from":      func(c *rueidis.ClientOption) { c.Standalone.ReplicaAddress = []string{"127.0.0.1:2"} },
		"OnInvalidations":    func(c *rueidis.ClientOption) { c.OnInvalidations = func([]rueidis.RedisMessage) {} },
		"NewCacheStoreFn": func(c *rueidis.ClientOption) {
			c.NewCacheStoreFn = func(rueidis.CacheStoreOption) rueidis.CacheStore { return nil }
		},
		"PipelineMultiplex":     func(c *rueidis.ClientOption) { c.PipelineMultiplex = 2 },
		"DisableAutoPipelining": func(c *rueidis.ClientOption) { c.DisableAutoPipelining = true },
		"ClientTrackingOption":  func(c *rueidis.ClientOption) { c.ClientTrackingOptions = []string{"BCAST"} },
	} {
		t.Run(problem, func(t *testing.T) {
			store, err := redisstore.New(nowhere(change), redisstore.Options{})
			if store != nil || err == nil || !strings.Contains(err.Error(), problem) {
				t.Errorf("got %v, want an error about it", err)
			}
		})
	}
}

func TestNewJoinsAllProblems(t *testing.T) {
	client := nowhere(func(c *rueidis.ClientOption) { c.DisableCache, c.Dialer.KeepAlive = true, -1 })
	_, err := redisstore.New(client, redisstore.Options{Prefix: "{app}:", CacheSessions: -1})
	for _, problem := range []string{"DisableCache", "KeepAlive", "Prefix", "CacheSessions"} {
		if err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("got %v, want %s among the problems", err, problem)
		}
	}
}

// TestNewRefusesAnOldServer tests a Redis before version 6, which has no HELLO
// and cannot notify clients of changes.
func TestNewRefusesAnOldServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go refuseAll(conn)
		}
	}()
	_, err = redisstore.New(rueidis.ClientOption{InitAddress: []string{l.Addr().String()}}, redisstore.Options{})
	if !errors.Is(err, rueidis.ErrNoCache) {
		t.Errorf("got %v, want rueidis.ErrNoCache", err)
	}
}

// refuseAll answers every command, which begins with the number of its words,
// as an old Redis answers HELLO.
func refuseAll(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "*") {
			_, _ = io.WriteString(conn, "-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n")
		}
	}
}
