package mongostore_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// unmigrated returns the users of a new database.
func unmigrated(t *testing.T, opts mongostore.Options) *mongostore.UserStore[core.User] {
	t.Helper()
	opts.Standalone = external == ""
	store, err := mongostore.New(newDB(t, connect(t, nil)), opts)
	if err != nil {
		t.Fatal(err)
	}
	us, err := mongostore.Users[core.User](store)
	if err != nil {
		t.Fatal(err)
	}
	return us
}

func TestMigrator(t *testing.T) {
	t.Parallel()
	storetest.Migrator(t, func(t *testing.T) core.Migrator { return unmigrated(t, mongostore.Options{}) })
}

func TestPlan(t *testing.T) {
	t.Parallel()
	plan, err := unmigrated(t, mongostore.Options{Prefix: "auth_", UsersCollection: "people"}).Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(plan, "\n")
	for _, want := range []string{
		`db.createCollection("auth_owners")`,
		`db.getCollection("people").createIndex({"email_key":1}, {"name":"auth_email_key","unique":true,"sparse":true})`,
		`db.getCollection("auth_oauth_accounts").createIndex({"oauth_name":1,"account_id":1}, {"name":"auth_account","unique":true})`,
		`db.getCollection("auth_sessions").createIndex({"expires":1}, {"name":"auth_expires"})`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %s in\n%s", want, all)
		}
	}
	if ttl := strings.Contains(all, `{"name":"auth_expires_at","expireAfterSeconds":3600}`); ttl != (external != "") {
		t.Errorf("TTL indexes are planned: %v", ttl)
	}
}

// What is there already, as an index that somebody has made, is not planned.
func TestPlanOfAHalf(t *testing.T) {
	t.Parallel()
	db, store, _ := open[core.User](t, mongostore.Options{})
	if err := db.Collection("latchkey_tickets").Indexes().DropOne(t.Context(), "latchkey_expires"); err != nil {
		t.Fatal(err)
	}
	if err := db.RunCommand(t.Context(), bson.D{{Key: "drop", Value: "latchkey_owners"}}).Err(); err != nil {
		t.Fatal(err)
	}
	plan, err := store.Plan(t.Context())
	if err != nil || len(plan) != 2 || !strings.Contains(plan[1], "latchkey_tickets") {
		t.Errorf("got %q, %v", plan, err)
	}
}
