package mongostore_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// dump returns every document of a database.
func dump(t *testing.T, db *mongo.Database) (all []byte) {
	t.Helper()
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		cursor, err := db.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for cursor.Next(t.Context()) {
			all = append(all, cursor.Current...)
		}
	}
	return all
}

func TestSecretsStayOutside(t *testing.T) {
	t.Run("S14 L04 neither a dump of the database nor the driver's log of commands has a secret", func(t *testing.T) {
		ctx, commands := t.Context(), &sent{}
		db, store, us := openIn[core.User](t, newDB(t, connect(t, commands.monitor())), mongostore.Options{})
		u := ada()
		u.HashedPassword = "$argon2id$hash"
		session, d1, _ := core.NewSecret(rand.Reader)
		ticket, d2, _ := core.NewSecret(rand.Reader)
		state, d3, _ := core.NewSecret(rand.Reader)
		later, limitKey := time.Now().Add(time.Hour), "login:ada@private.example"
		err := us.Create(ctx, u)
		_, limited := store.Limiter().Allow(ctx, limitKey, core.Limit{Events: 3, Window: time.Hour})
		for _, err := range []error{
			err, limited,
			store.Sessions().Create(ctx, d1, core.Session{ID: "visible to its owner", UserID: u.ID, Expires: later}),
			store.Tickets().Put(ctx, core.Ticket{Digest: d2, Purpose: "reset", UserID: u.ID, Expires: later}, true),
			store.Tickets().Burn(ctx, "oauth", d3, later),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		seen := append(dump(t, db), strings.Join(*commands, "\n")...)
		if !bytes.Contains(seen, d1[:]) || !bytes.Contains(seen, []byte(base64.StdEncoding.EncodeToString(d1[:]))) {
			t.Fatal("not even the digest was seen: the test looks at the wrong place")
		}
		for name, raw := range map[string]string{"session": session, "ticket": ticket, "state": state} {
			decoded, _ := base64.RawURLEncoding.DecodeString(raw)
			for _, form := range [][]byte{[]byte(raw), decoded, []byte(hex.EncodeToString(decoded)),
				[]byte(base64.StdEncoding.EncodeToString(decoded))} {
				if bytes.Contains(seen, form) {
					t.Errorf("the %s's secret was seen", name)
				}
			}
		}
		if bytes.Contains(seen, []byte(limitKey)) {
			t.Error("a limiter's key was seen")
		}
		// What was stolen is presented as a token.
		for _, stolen := range []string{string(d1[:]), hex.EncodeToString(d1[:]),
			base64.RawURLEncoding.EncodeToString(d1[:])} {
			if _, err := store.Sessions().Find(ctx, core.Digest(stolen)); err != core.ErrNotFound {
				t.Errorf("a digest as a token: %v", err)
			}
		}
		if _, err := store.Sessions().Find(ctx, core.Digest(session)); err != nil {
			t.Errorf("the session itself: %v", err)
		}
	})
}

func TestErrorsCarryNoArguments(t *testing.T) {
	ctx := t.Context()
	type account struct {
		core.User
		Credits int
	}
	db, store, us := open[account](t, mongostore.Options{})
	const canary = "canary7f3a"
	check := func(step string, err error) {
		t.Helper()
		if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), "mongostore: ") {
			t.Errorf("%s: %v", step, err)
		}
	}
	u := &account{User: core.User{Email: canary, EmailKey: canary}}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("latchkey_users").UpdateMany(ctx, bson.D{},
		bson.D{{Key: "$set", Value: bson.D{{Key: "credits", Value: canary}}}}); err != nil {
		t.Fatal(err)
	}
	_, err := us.Find(ctx, core.ByID(u.ID))
	check("a user that cannot be read", err)
	check("text that is none", us.Create(ctx, &account{User: core.User{Email: canary + "\xff"}}))
	session := core.Session{ID: canary, UserID: canary, Label: canary + "\xff", Expires: time.Now().Add(time.Hour)}
	check("a session's label that is none", store.Sessions().Create(ctx, [32]byte{1}, session))
	check("a ticket's e-mail that is none", store.Tickets().Put(ctx, core.Ticket{Email: canary + "\xff"}, false))
	check("an account's ID that is none", store.OAuthAccounts().Create(ctx, &core.OAuthAccount{ID: canary}))
	link := &core.OAuthAccount{UserID: bson.NewObjectID().Hex(), Provider: canary, Subject: canary, AccessToken: canary +
		"\xff"}
	check("an account's token that is none", store.OAuthAccounts().Create(ctx, link))
	for what, c := range map[string]*core.Credential{
		"a credential's ID that is none":    {ID: canary, Owner: u.ID, Kind: canary, Key: canary},
		"a credential's Owner that is none": {Owner: canary, Kind: canary, Key: canary},
		"a credential over its limits":      {Owner: u.ID, Kind: canary, Key: canary, Label: canary + "\xff"},
	} {
		check(what, store.Credentials().Create(ctx, c, 0))
	}
}
