package sqlstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// The variables for a process to be killed: the kind of its database, its
// address, and the process's number.
const victimName, victimAddress, victimNumber = "LATCHKEY_TEST_VICTIM", "LATCHKEY_TEST_VICTIM_ADDRESS",
	"LATCHKEY_TEST_VICTIM_NUMBER"

// TestKilledProcess kills processes that register users, link their accounts
// and use their tokens as fast as they can: every acknowledged user is there,
// every user who is there is complete, and no token takes effect twice.
func TestKilledProcess(t *testing.T) {
	if name := os.Getenv(victimName); name != "" {
		registerForever(t, databases[name], os.Getenv(victimAddress), os.Getenv(victimNumber))
	}
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := d.address(t)
			var made, used []string
			for run := range long.Kills() {
				lines := kill(t, "TestKilledProcess", name, address, run, 100+rand.IntN(600))
				if len(lines) == 0 {
					t.Fatal("the process has not begun")
				}
				for _, line := range lines {
					if key, ok := strings.CutPrefix(line, "made "); ok {
						made = append(made, key)
					} else if key, ok := strings.CutPrefix(line, "used "); ok {
						used = append(used, key)
					}
				}
			}
			checkLeft(t, d, address, made, used)
		})
	}
}

// kill starts a process of a test, kills it after a number of acknowledgements,
// and returns everything that it made.
func kill(t *testing.T, test, name, address string, run, after int) (lines []string) {
	t.Helper()
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
	victim.Env = append(os.Environ(), victimName+"="+name, victimAddress+"="+address, victimNumber+"="+strconv.Itoa(run))
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		if lines = append(lines, scanner.Text()); len(lines) == after {
			_ = victim.Process.Kill()
		}
	}
	_ = victim.Wait()
	return lines
}

// registerForever registers users in several goroutines, and prints what has
// been acknowledged. Each write to the pipe is complete or missing.
func registerForever(t *testing.T, d database, address, run string) {
	store, us := users[core.User](t, d.open(t, address), sqlstore.Options{}) // as after any restart
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s-%d-%d@example.org", run, worker, i)
				id, err := register(t.Context(), store, us, key)
				if err != nil {
					panic(err)
				}
				fmt.Println("made " + key)
				if i%4 != 0 {
					continue
				}
				if err := use(t.Context(), store, us, key, id); err != nil {
					panic(err)
				}
				fmt.Println("used " + key)
			}
		})
	}
	all.Wait()
}

// register creates a user, their link and their token, in one transaction.
func register(
	ctx context.Context, store *sqlstore.Store, us *sqlstore.UserStore[core.User], key string,
) (id string, err error) {
	err = store.Transact(ctx, func(ctx context.Context) error {
		u := &core.User{Email: strings.ToUpper(key), EmailKey: key}
		if err := us.Create(ctx, u); err != nil {
			return err
		}
		id = u.ID
		if err := store.OAuthAccounts().Create(ctx,
			&core.OAuthAccount{UserID: id, Provider: "github", Subject: key}); err != nil {
			return err
		}
		return store.Tickets().Put(ctx, core.Ticket{
			Digest: core.Digest(key), Purpose: "verify", UserID: id, Email: key, Expires: time.Now().Add(time.Hour),
		}, false)
	})
	return id, err
}

// use lets a user's token take effect, which can be counted.
func use(ctx context.Context, store *sqlstore.Store, us *sqlstore.UserStore[core.User], key, id string) error {
	return store.Transact(ctx, func(ctx context.Context) error {
		if _, err := store.Tickets().Consume(ctx, "verify", core.Digest(key)); err != nil {
			return err
		}
		_, err := us.Update(ctx, id, increment)
		return err
	})
}

// halfMade selects users without their link or token, and those whose token
// took effect without being used, or was used without an effect.
const halfMade = `SELECT u.email_key FROM latchkey_users AS u LEFT JOIN latchkey_oauth_accounts AS l ON l.user_id = u.id AND l.account_id = u.email_key
	LEFT JOIN latchkey_tickets AS t ON t.email = u.email_key WHERE l.id IS NULL OR t.used IS NULL OR t.used <> u.token_epoch`

// checkLeft checks what the processes have left.
func checkLeft(t *testing.T, d database, address string, made, used []string) {
	ctx, db := t.Context(), d.open(t, address)
	store, us := users[core.User](t, db, sqlstore.Options{})
	there := map[string]*core.User{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, next, err := us.List(ctx, core.Query{Cursor: cursor, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			there[u.EmailKey] = u
		}
		cursor = next
	}
	for _, key := range made {
		if there[key] == nil {
			t.Errorf("%s was acknowledged, and is lost", key)
		}
	}
	for _, key := range used {
		if there[key] == nil || there[key].TokenEpoch != 1 {
			t.Errorf("the use of %s's token was acknowledged, and is lost", key)
		}
	}
	links, err1 := db.count(ctx, "latchkey_oauth_accounts")
	tickets, err2 := db.count(ctx, "latchkey_tickets")
	if err := errors.Join(err1, err2); err != nil || links != len(there) || tickets != len(there) {
		t.Errorf("there are %d users, %d links and %d tokens, %v", len(there), links, tickets, err)
	}
	if half := lines(t, db, halfMade); half != "" {
		t.Errorf("half made are\n%s", half)
	}
	for key, u := range there {
		if u.TokenEpoch == 0 && rand.IntN(8) != 0 {
			continue // most users whose token nobody had used
		}
		want := []error{nil, core.ErrUsed}[u.TokenEpoch]
		if err := use(ctx, store, us, key, u.ID); !errors.Is(err, want) {
			t.Errorf("%s: a token that took effect %d times returned %v, want %v", key, u.TokenEpoch, err, want)
		}
		if epoch, err := us.Epoch(ctx, u.ID); epoch != 1 || err != nil {
			t.Errorf("%s: the token has taken effect %d times, %v", key, epoch, err)
		}
	}
	t.Logf("%d users were acknowledged, %d are there; %d uses of tokens were", len(made), len(there), len(used))
}
