package mongostore_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// external is the URI of a replica set whose server is MongoDB 6 or later.
// Without one the tests run on FerretDB.
var external = os.Getenv("LATCHKEY_TEST_MONGODB")

// uri is the server's, and databases counts those that tests have created
// there.
var (
	uri       = external
	databases atomic.Int64
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests, on a FerretDB that stops with them.
func run(m *testing.M) (code int, err error) {
	if external != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "latchkey-ferretdb-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "ferretdb")
	build := exec.Command("go", "build", "-o", program, "./ferretdb")
	build.Env = append(os.Environ(), "GOFLAGS=-trimpath") // without the race detector
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build ./ferretdb: %w\n%s", err, out)
	}
	server := exec.Command(program, dir)
	server.Stderr = os.Stderr
	stop, err1 := server.StdinPipe()
	said, err2 := server.StdoutPipe()
	if err := errors.Join(err1, err2, server.Start()); err != nil {
		return 1, err
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err == nil {
		uri = strings.TrimSpace(line)
		code = m.Run()
	}
	_ = stop.Close()
	return code, errors.Join(err, server.Wait())
}

// connect opens a client; monitor may be nil.
func connect(t testing.TB, monitor *event.CommandMonitor) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetMonitor(monitor).
		SetServerSelectionTimeout(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client
}

// newDB returns a new database, which is dropped at the end of the test.
func newDB(t testing.TB, client *mongo.Client) *mongo.Database {
	t.Helper()
	db := client.Database(fmt.Sprintf("latchkey_%d_%d", os.Getpid(), databases.Add(1)))
	t.Cleanup(func() { _ = db.Drop(context.Background()) })
	return db
}

// open returns a migrated store in a new database, and its users.
func open[U any, P core.Model[U]](
	t testing.TB, opts mongostore.Options,
) (*mongo.Database, *mongostore.Store, *mongostore.UserStore[U]) {
	t.Helper()
	return openIn[U, P](t, newDB(t, connect(t, nil)), opts)
}

func openIn[U any, P core.Model[U]](
	t testing.TB, db *mongo.Database, opts mongostore.Options,
) (*mongo.Database, *mongostore.Store, *mongostore.UserStore[U]) {
	t.Helper()
	opts.Standalone = opts.Standalone || external == ""
	opts.Patience = cmp.Or(opts.Patience, 30*time.Second) // FerretDB is slow with a crowd
	store, err := mongostore.New(db, opts)
	if err != nil {
		t.Fatal(err)
	}
	us, err := mongostore.Users[U, P](store)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, store, us
}

// at returns a store that reads its time from now.
func at(t testing.TB, now func() time.Time) *mongostore.Store {
	t.Helper()
	_, store, _ := open[storetest.Account](t, mongostore.Options{Now: now})
	return store
}

func ada() *core.User { return &core.User{Email: "Ada@example.org", EmailKey: "ada@example.org"} }

// fields returns the fields of a document, in plain Go.
func fields(t testing.TB, c *mongo.Collection, filter bson.D) bson.M {
	t.Helper()
	var doc bson.M
	if err := c.FindOne(t.Context(), filter).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
