package mongostore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/drivertest"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/xoptions"
)

// These tests read the commands that a transaction sends, and script the
// responses of a replica set. What a real server makes of the commands is only
// tested with LATCHKEY_TEST_MONGODB.

// sent holds the commands that a client has sent.
type sent []string

func (s *sent) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context,
		e *event.CommandStartedEvent) {
		*s = append(*s, e.Command.String())
	}}
}

func (s sent) names() (names []string) {
	for _, command := range s {
		names = append(names, strings.Split(command, `"`)[1])
	}
	return names
}

// replicaSet returns a store on a server with scripted responses, and the
// commands that it receives.
func replicaSet(t *testing.T, answers ...bson.D) (*mongostore.Store, *mongostore.UserStore[core.User], *sent) {
	t.Helper()
	commands := &sent{}
	opts := options.Client().SetMonitor(commands.monitor()).SetReadPreference(readpref.SecondaryPreferred())
	if err := xoptions.SetInternalClientOptions(opts, "deployment", drivertest.NewMockDeployment(answers...)); err != nil {
		t.Fatal(err)
	}
	client, err := mongo.Connect(opts)
	if err != nil {
		t.Fatal(err)
	}
	store, err := mongostore.New(client.Database("app"), mongostore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	us, err := mongostore.Users[core.User](store)
	if err != nil {
		t.Fatal(err)
	}
	return store, us, commands
}

var (
	fine    = bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}}
	nothing = bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{
		{Key: "id", Value: int64(0)}, {Key: "ns", Value: "app.latchkey_users"}, {Key: "firstBatch", Value: bson.A{}},
	}}}
	conflict = bson.D{
		{Key: "ok", Value: 0}, {Key: "code", Value: 112}, {Key: "codeName", Value: "WriteConflict"}, {Key: "errmsg", Value: "ada@example.org"},
		{Key: "errorLabels", Value: bson.A{"TransientTransactionError"}},
	}
	duplicate = bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "writeErrors", Value: bson.A{
		bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000},
			{Key: "errmsg", Value: "E11000 dup key: ada@example.org"}},
	}}}
	lost = bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 91}, {Key: "codeName", Value: "ShutdownInProgress"},
		{Key: "errorLabels", Value: bson.A{"UnknownTransactionCommitResult", "RetryableWriteError"}}}
)

// someone returns the response to a find that finds a user.
func someone(fields ...bson.E) bson.D {
	user := append(bson.D{{Key: "_id", Value: bson.NewObjectID()}}, fields...)
	return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{
		{Key: "id", Value: int64(0)}, {Key: "ns", Value: "app.latchkey_users"}, {Key: "firstBatch", Value: bson.A{user}},
	}}}
}

func TestTransactRunsAgainAfterAConflict(t *testing.T) {
	for name, failure := range map[string]bson.D{
		"the server's conflict":                                  conflict,
		"somebody has taken the key since the transaction began": duplicate,
	} {
		t.Run(name, func(t *testing.T) {
			_, us, commands := replicaSet(t, nothing, failure, fine, nothing, fine, fine)
			if err := us.Create(t.Context(), ada()); err != nil {
				t.Fatal(err)
			}
			want := []string{"find", "insert", "abortTransaction", "find", "insert", "commitTransaction"}
			if got := commands.names(); !slices.Equal(got, want) {
				t.Errorf("the commands are %v, want %v", got, want)
			}
		})
	}
	t.Run("who has taken the key is seen then", func(t *testing.T) {
		_, us, commands := replicaSet(t, nothing, duplicate, fine, someone(), fine)
		u := ada()
		if err := us.Create(t.Context(), u); err != core.ErrTaken || u.ID != "" {
			t.Errorf("Create returned %v and the ID %q, want ErrTaken and none", err, u.ID)
		}
		want := []string{"find", "insert", "abortTransaction", "find", "abortTransaction"}
		if got := commands.names(); !slices.Equal(got, want) {
			t.Errorf("the commands are %v, want %v", got, want)
		}
	})
}

func TestTransactSettings(t *testing.T) {
	store, us, commands := replicaSet(t, nothing, fine, nothing, fine, fine)
	err := store.Transact(t.Context(), func(ctx context.Context) error {
		return errors.Join(us.Create(ctx, ada()), us.Create(ctx, &core.User{EmailKey: "grace@example.org"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := commands.names(),
		[]string{"find", "insert", "find", "insert", "commitTransaction"}; !slices.Equal(got, want) {
		t.Fatalf("the commands are %v, want %v", got, want)
	}
	first, last := (*commands)[0], (*commands)[4]
	if !strings.Contains(first, `"level": "snapshot"`) || !strings.Contains(first, `"startTransaction": true`) {
		t.Errorf("the transaction began with %s", first)
	}
	if !strings.Contains(last, `"w": "majority"`) || !strings.Contains(last, `"j": true`) {
		t.Errorf("the transaction ended with %s", last)
	}
	for _, command := range (*commands)[:4] {
		if !strings.Contains(command, `"autocommit": false`) {
			t.Errorf("outside of the transaction: %s", command)
		}
	}
}

func TestTransactAsksForALostCommit(t *testing.T) {
	_, us, commands := replicaSet(t, nothing, fine, lost, fine)
	if err := us.Create(t.Context(), ada()); err != nil {
		t.Fatal(err)
	}
	if got := commands.names(); !slices.Equal(got, []string{"find", "insert", "commitTransaction", "commitTransaction"}) {
		t.Errorf("the commands are %v", got)
	}
}

func TestTransactUndoes(t *testing.T) {
	refused := errors.New("refused")
	t.Run("after an error", func(t *testing.T) {
		store, us, commands := replicaSet(t, nothing, fine, fine)
		err := store.Transact(t.Context(), func(ctx context.Context) error {
			if err := us.Create(ctx, ada()); err != nil {
				return err
			}
			return refused
		})
		if err != refused || commands.names()[2] != "abortTransaction" {
			t.Errorf("Transact returned %v and sent %v", err, commands.names())
		}
	})
	t.Run("after a panic", func(t *testing.T) {
		store, us, commands := replicaSet(t, nothing, fine, fine)
		defer func() {
			if reason := recover(); reason != "broken" || commands.names()[2] != "abortTransaction" {
				t.Errorf("recovered %v after %v", reason, commands.names())
			}
		}()
		_ = store.Transact(t.Context(), func(ctx context.Context) error {
			if err := us.Create(ctx, ada()); err != nil {
				return err
			}
			panic("broken")
		})
	})
}

func TestFailCountsOutsideTheTransaction(t *testing.T) {
	t.Run("M04", func(t *testing.T) {
		store, _, commands := replicaSet(t, nothing, fine, fine)
		err := store.Transact(t.Context(), func(ctx context.Context) error {
			if _, err := store.Tickets().Find(ctx, "reset", [32]byte{1}); err != core.ErrNotFound {
				t.Errorf("Find returned %v", err)
			}
			return store.Tickets().Fail(ctx, "reset", [32]byte{1}, 3)
		})
		if err != nil || strings.Contains((*commands)[1], "autocommit") {
			t.Errorf("Transact returned %v; the count was %s", err, (*commands)[1])
		}
	})
}

// TestSessionWritesTheFloor: a transaction that revokes the user's sessions,
// and began before, must not commit without having seen this one.
func TestSessionWritesTheFloor(t *testing.T) {
	floor := bson.D{{Key: "ok", Value: 1},
		{Key: "value", Value: bson.D{{Key: "_id", Value: "ada"}, {Key: "floor", Value: int64(5)}}}}
	upserted := append(slices.Clone(fine),
		bson.E{Key: "upserted", Value: bson.A{bson.D{{Key: "index", Value: 0}, {Key: "_id", Value: 1}}}})
	store, _, commands := replicaSet(t, upserted, floor, fine, upserted, floor, fine, fine)
	create := func(ctx context.Context) error {
		return store.Sessions().Create(ctx, [32]byte{1},
			core.Session{UserID: "ada", Epoch: 4, Expires: time.Now().Add(time.Hour)})
	}
	for _, err := range []error{create(t.Context()), store.Transact(t.Context(), create)} {
		if err != core.ErrInvalid {
			t.Errorf("Create below the floor returned %v", err)
		}
	}
	want := []string{"update", "findAndModify", "delete", "update", "findAndModify", "delete", "abortTransaction"}
	if got := commands.names(); !slices.Equal(got, want) {
		t.Errorf("the commands are %v, want %v", got, want)
	}
}

// TestDeleteOfAUserIsOneTransaction: what is theirs goes with them, in every
// collection.
func TestDeleteOfAUserIsOneTransaction(t *testing.T) {
	_, us, commands := replicaSet(t, fine, fine, fine, fine, fine, fine, fine)
	if err := us.Delete(t.Context(), credentialID); err != nil {
		t.Fatal(err)
	}
	for i, collection := range []string{"users", "owners", "sessions", "tickets", "oauth_accounts", "credentials", "$db"} {
		if command := (*commands)[i]; !strings.Contains(command, collection) ||
			!strings.Contains(command, `"autocommit": false`) {
			t.Errorf("command %d is not of %s in the transaction: %s", i, collection, command)
		}
	}
	if names := commands.names(); names[len(names)-1] != "commitTransaction" {
		t.Errorf("the commands are %v", names)
	}
}

func TestStoresOfAnotherClientStayOutside(t *testing.T) {
	store, _, _ := replicaSet(t, fine)
	_, elsewhere, commands := replicaSet(t, someone(bson.E{Key: "email", Value: "Ada@example.org"}))
	err := store.Transact(t.Context(), func(ctx context.Context) error {
		_, err := elsewhere.Find(ctx, core.ByEmail("ada@example.org"))
		return err
	})
	if err != nil || strings.Contains((*commands)[0], "autocommit") {
		t.Errorf("Transact returned %v; the other client sent %v", err, *commands)
	}
}

func TestStandalone(t *testing.T) {
	for standalone, want := range map[bool]bool{false: true, true: false} {
		store, err := mongostore.New(connect(t, nil).Database("app"), mongostore.Options{Standalone: standalone})
		if err != nil {
			t.Fatal(err)
		}
		us, err := mongostore.Users[core.User](store)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := core.As[core.Transactor](us); got != want {
			t.Errorf("Standalone is %v: the users have transactions: %v", standalone, got)
		}
		if _, got := core.As[core.Locker[core.User]](us); got != want {
			t.Errorf("Standalone is %v: the users can be locked: %v", standalone, got)
		}
		if standalone {
			if err := store.Transact(t.Context(), func(context.Context) error { return nil }); err == nil {
				t.Error("Transact without transactions is no error")
			}
		}
	}
}

func TestReadsGoToThePrimary(t *testing.T) {
	_, us, commands := replicaSet(t, nothing) // whose client prefers secondaries
	if _, err := us.Find(t.Context(), core.ByEmail("ada@example.org")); err != core.ErrNotFound {
		t.Fatal(err)
	}
	if strings.Contains((*commands)[0], "secondary") {
		t.Errorf("the command is %s", (*commands)[0])
	}
}

func TestServersWordsStayOut(t *testing.T) {
	_, us, _ := replicaSet(t,
		bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 13}, {Key: "codeName", Value: "Unauthorized"},
			{Key: "errmsg", Value: "not authorized to execute command { find: ada@example.org }"}})
	_, err := us.Find(t.Context(), core.ByEmail("ada@example.org"))
	if err == nil || err.Error() != "mongostore: find a user: the server answered Unauthorized (13)" {
		t.Errorf("Find returned %v", err)
	}
}

// TestLockWrites: a transaction that has only read a document does not
// conflict.
func TestLockWrites(t *testing.T) {
	id := bson.NewObjectID()
	user := bson.D{{Key: "ok", Value: 1},
		{Key: "value", Value: bson.D{{Key: "_id", Value: id}, {Key: "email_key", Value: "ada@example.org"}}}}
	nobody := bson.D{{Key: "ok", Value: 1}, {Key: "value", Value: nil}}
	store, us, commands := replicaSet(t, user, fine, conflict, fine, user, fine, nobody, fine, nothing)
	locker, ok := core.As[core.Locker[core.User]](us)
	if !ok {
		t.Fatal("the users are no core.Locker")
	}
	lock := func(ctx context.Context) error {
		u, err := locker.Lock(ctx, id.Hex())
		if err == nil && (u.ID != id.Hex() || u.EmailKey != "ada@example.org") {
			t.Errorf("Lock returned %+v", u)
		}
		return err
	}
	for i, want := range []error{nil, nil, core.ErrNotFound} {
		if err := store.Transact(t.Context(), lock); err != want {
			t.Errorf("Lock %d returned %v, want %v", i, err, want)
		}
	}
	if err := lock(t.Context()); err != core.ErrNotFound {
		t.Errorf("Lock outside of a transaction returned %v", err)
	}
	want := []string{
		"findAndModify", "commitTransaction", "findAndModify", "abortTransaction", "findAndModify", "commitTransaction", "findAndModify", "abortTransaction", "find",
	}
	if got := commands.names(); !slices.Equal(got, want) {
		t.Errorf("the commands are %v, want %v", got, want)
	}
	if first := (*commands)[0]; !strings.Contains(first, `"$inc": {"_revision"`) ||
		strings.Contains(first, `"upsert": true`) {
		t.Errorf("the first command is %s", first)
	}
}
