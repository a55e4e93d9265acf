package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Member is an application's user type.
type Member struct {
	core.User
	FullName string   `json:"full_name" auth:"register,update"`
	Roles    []string `json:"roles"`
}

func ExampleNewUsers() {
	ctx := context.Background()
	users := memstore.NewUsers[Member]()

	ann := &Member{User: core.User{Email: "Ann@example.com", EmailKey: "ann@example.com"}, FullName: "Ann"}
	fmt.Println("created:", users.Create(ctx, ann))

	_, err := users.Update(ctx, ann.ID, func(m *Member) error {
		m.Roles = append(m.Roles, "editor")
		return nil
	})
	fmt.Println("updated:", err)

	found, err := users.Find(ctx, core.ByEmail("ann@example.com"))
	fmt.Println(found.FullName, found.Roles, err)

	again := &Member{User: core.User{EmailKey: "ann@example.com"}}
	fmt.Println("same e-mail:", users.Create(ctx, again))
	// Output:
	// created: <nil>
	// updated: <nil>
	// Ann [editor] <nil>
	// same e-mail: latchkey: taken
}

func ExampleUsers_List() {
	ctx := context.Background()
	users := memstore.NewUsers[Member]()
	for _, email := range []string{"ann@example.com", "anton@example.com", "bob@example.com", "antje@example.com"} {
		if err := users.Create(ctx, &Member{User: core.User{Email: email, EmailKey: email}}); err != nil {
			fmt.Println(err)
		}
	}
	for cursor := ""; ; {
		page, next, err := users.List(ctx, core.Query{Email: "an", Cursor: cursor, Limit: 2})
		for _, m := range page {
			fmt.Println(m.Email)
		}
		if err != nil || next == "" {
			break
		}
		fmt.Println("next page")
		cursor = next
	}
	// Output:
	// ann@example.com
	// antje@example.com
	// next page
	// anton@example.com
}

func ExampleNewSessions() {
	ctx := context.Background()
	sessions := memstore.NewSessions(nil)

	now := time.Now().UTC()
	digest := core.Digest("the secret in the browser's cookie")
	err := sessions.Create(ctx, digest, core.Session{
		ID: "1", UserID: "ann", Backend: "web", IP: netip.MustParseAddr("192.0.2.1"), Epoch: 1,
		Created: now, LastSeen: now, Expires: now.Add(time.Hour),
	})
	fmt.Println("created:", err)

	found, err := sessions.Find(ctx, digest)
	fmt.Println(found.Session.UserID, found.Session.IP, err)

	// The password was changed: ann's token epoch is now 2.
	fmt.Println("ended:", sessions.DeleteAll(ctx, "ann", 2, [32]byte{}))
	_, err = sessions.Find(ctx, digest)
	fmt.Println("find:", err)
	err = sessions.Create(ctx, core.Digest("a login that was admitted before"),
		core.Session{UserID: "ann", Epoch: 1, Expires: now.Add(time.Hour)})
	fmt.Println("late login:", err)
	// Output:
	// created: <nil>
	// ann 192.0.2.1 <nil>
	// ended: <nil>
	// find: latchkey: not found
	// late login: latchkey: invalid credential
}

func ExampleNewOAuthAccounts() {
	ctx := context.Background()
	accounts := memstore.NewOAuthAccounts()

	link := &core.OAuthAccount{UserID: "ann", Provider: "github", Subject: "583231", Email: "ann@example.com"}
	fmt.Println("linked:", accounts.Create(ctx, link))
	fmt.Println("linked again:",
		accounts.Create(ctx, &core.OAuthAccount{UserID: "bob", Provider: "github", Subject: "583231"}))

	found, err := accounts.Find(ctx, "github", "583231")
	fmt.Println(found.UserID, err)
	all, err := accounts.List(ctx, "bob")
	fmt.Println(len(all), err)
	// Output:
	// linked: <nil>
	// linked again: latchkey: taken
	// ann <nil>
	// 0 <nil>
}

func ExampleNewCredentials() {
	ctx := context.Background()
	credentials := memstore.NewCredentials(nil)

	codes := &core.Credential{
		Owner: "ann", Kind: "recovery", Key: "ann", Data: []byte("digest1 digest2 digest3"), Created: time.Now(),
	}
	fmt.Println("created:", credentials.Create(ctx, codes, 1))
	again := &core.Credential{Owner: "bob", Kind: "recovery", Key: "ann"}
	fmt.Println("same key:", credentials.Create(ctx, again, 1))

	use := func(digest string) error {
		_, err := credentials.Update(ctx, "recovery", "ann", codes.ID, func(c *core.Credential) error {
			left := strings.Fields(string(c.Data))
			i := slices.Index(left, digest)
			if i < 0 {
				return core.ErrUsed
			}
			c.Data = []byte(strings.Join(slices.Delete(left, i, i+1), " "))
			c.Used = time.Now()
			return nil
		})
		return err
	}
	fmt.Println("used:", use("digest2"))
	fmt.Println("used again:", use("digest2"))

	all, err := credentials.List(ctx, "", "ann")
	fmt.Println(len(all), all[0].Kind, string(all[0].Data), err)
	fmt.Println("of another owner:", credentials.Delete(ctx, "recovery", "bob", codes.ID))
	// Output:
	// created: <nil>
	// same key: latchkey: taken
	// used: <nil>
	// used again: latchkey: used before
	// 1 recovery digest1 digest3 <nil>
	// of another owner: latchkey: not found
}

func ExampleNewTickets() {
	ctx := context.Background()
	tickets := memstore.NewTickets(nil)

	digest := core.Digest("the secret in the mail's link")
	err := tickets.Put(ctx, core.Ticket{
		Digest: digest, Purpose: "reset", UserID: "ann", Email: "ann@example.com", Epoch: 1,
		Expires: time.Now().Add(time.Hour),
	}, true)
	fmt.Println("put:", err)

	ticket, err := tickets.Consume(ctx, "reset", digest)
	fmt.Println("consumed:", ticket.UserID, err)

	ticket, err = tickets.Consume(ctx, "reset", digest)
	fmt.Println("again:", ticket.UserID, errors.Is(err, core.ErrUsed))

	_, err = tickets.Consume(ctx, "verify", digest)
	fmt.Println("for another purpose:", err)
	// Output:
	// put: <nil>
	// consumed: ann <nil>
	// again: ann true
	// for another purpose: latchkey: not found
}

func ExampleNewLimiter() {
	ctx := context.Background()
	limiter := memstore.NewLimiter(memstore.LimiterOptions{MaxKeys: 10_000})

	limit := core.Limit{Events: 2, Window: time.Minute}
	for range 3 {
		wait, err := limiter.Allow(ctx, "login:ann@example.com", limit)
		fmt.Println("allowed:", wait == 0, err)
	}
	fmt.Println("forgotten:", limiter.Reset(ctx, "login:ann@example.com"))
	wait, err := limiter.Allow(ctx, "login:ann@example.com", limit)
	fmt.Println("allowed:", wait == 0, err)
	// Output:
	// allowed: true <nil>
	// allowed: true <nil>
	// allowed: false <nil>
	// forgotten: <nil>
	// allowed: true <nil>
}
