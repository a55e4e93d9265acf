package redisstore_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// TestWhatIsStored looks at everything that an application leaves in Redis.
func TestWhatIsStored(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	store := open(t, addr, redisstore.Options{Prefix: "app:"})
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	secret, digest, err := core.NewSecret(strings.NewReader(strings.Repeat("secret!!", 4)))
	if err != nil {
		t.Fatal(err)
	}
	errCreate := store.Sessions().Create(ctx, digest, adas("id"))
	_, errTake := store.Limiter().Take(ctx, email, core.Limit{Events: 3, Window: time.Hour})
	for _, err := range []error{
		errCreate, errTake,
		store.Sessions().Touch(ctx, digest, time.Now(), later),
		store.Sessions().DeleteAll(ctx, "ada", 1, [32]byte{}),
		store.Tickets().Put(ctx, core.Ticket{Digest: digest, Purpose: "exchange", UserID: "ada", Expires: later}, true),
		store.Tickets().Burn(ctx, "state", digest, later),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	dump := func(key string) string {
		value, _ := client.Do(ctx, client.B().Dump().Key(key).Build()).ToString()
		return key + " " + value
	}
	names := keys(t, client, "*")
	if len(names) != 7 {
		t.Errorf("the keys are %q, want 7", names)
	}
	for _, key := range names {
		if !strings.HasPrefix(key, "app:") {
			t.Errorf("%q has not the prefix", key)
		}
		for _, secret := range []string{secret, secret[:16], "secret!!", email} {
			if strings.Contains(dump(key), secret) {
				t.Errorf("%q shows %q", key, secret)
			}
		}
		left, err := client.Do(ctx, client.B().Pttl().Key(key).Build()).AsInt64()
		if floor := strings.HasPrefix(key, "app:floor:"); err != nil || (left < 0) != floor || left > 26*time.Hour.Milliseconds() {
			t.Errorf("%q stays for %d ms, %v", key, left, err)
		}
	}
	if all := strings.Join(names, " "); !strings.Contains(all, base64.RawURLEncoding.EncodeToString(digest[:])) {
		t.Errorf("twin: the digest is in no key of %s", all)
	}
}

// TestADamagedValue: what cannot be read is an error, and never that there is none.
func TestADamagedValue(t *testing.T) {
	addr := server.Redis(t)
	client := raw(t, addr)
	store := open(t, addr, redisstore.Options{})
	d := login(t, store.Sessions(), "one")
	key := keys(t, client, "*session:*")[0]
	for _, value := range []string{"", "a", "b" + strings.Repeat("0", 80), "a" + strings.Repeat("0", 60)} {
		if err := client.Do(t.Context(), client.B().Set().Key(key).Value(value).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the value is read", func() bool {
			_, err := store.Sessions().Find(context.Background(), d)
			return outage(err)
		})
		if _, err := store.Sessions().List(t.Context(), "ada"); !outage(err) {
			t.Errorf("List of %q: got %v", value, err)
		}
	}
}

// outage tells whether an error means that the store could not be asked.
func outage(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "redisstore: ")
}
