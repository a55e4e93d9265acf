// Command many-machines is one application on several machines: two processes
// behind a round-robin proxy, with users in PostgreSQL and sessions in Redis.
//
//	export DATABASE_URL=postgres://user:password@localhost/app
//	export REDIS_URL=redis://localhost:6379
//	go run ./examples/many-machines
//
// It registers a user, logs in at one process, and shows that the session is
// valid at the other one, and is refused there as soon as it is revoked here.
// Then it keeps serving until it is stopped.
//
// Security notes. The processes share SECRET, which signs, and trust only the
// proxy about a client's address (TRUSTED_PROXIES): behind a proxy that is not
// named there, rate limits would count all clients as one.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/latchkey-go/latchkey/examples/internal/serve"
)

// nodeVariable makes the program act as one of the processes.
const nodeVariable = "MANY_MACHINES_NODE"

func main() {
	if name := os.Getenv(nodeVariable); name != "" {
		serve.Main("many-machines "+name,
			func(ctx context.Context, log *slog.Logger) error { return runNode(ctx, name, log) })
		return
	}
	serve.Main("many-machines", run)
}

func run(ctx context.Context, log *slog.Logger) (err error) {
	if os.Getenv("DATABASE_URL") == "" || os.Getenv("REDIS_URL") == "" {
		return errors.New("DATABASE_URL and REDIS_URL must be set: the processes share them")
	}
	listener, err := serve.Listen(cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"), os.Getenv("BASE_URL"))
	if err != nil {
		return err
	}
	defer listener.Close()
	shared := []string{
		"SECRET=" + cmp.Or(os.Getenv("SECRET"), rand.Text()+rand.Text()),
		"BASE_URL=" + listener.BaseURL, "TRUSTED_PROXIES=127.0.0.0/8", "LOCAL_PROVIDER=off", "ADDR=127.0.0.1:0",
	}
	var nodes []*node
	defer func() {
		for _, n := range nodes {
			err = errors.Join(err, n.stop())
		}
	}()
	for _, name := range []string{"A", "B"} { // one after another: the first creates the tables
		n, err := startNode(name, shared)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	fmt.Printf("The application is at %s: a round-robin proxy in front of %s (%s) and %s (%s).\n\n",
		listener.URL(), nodes[0].name, nodes[0].url, nodes[1].name, nodes[1].url)
	if err := demonstrate(ctx, nodes[0], nodes[1]); err != nil {
		return err
	}
	return serve.HTTP(ctx, listener, roundRobin(nodes, log), log)
}
