package importers_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/hashers/pbkdf2"
	"github.com/latchkey-go/latchkey/hashers/scrypt"
	"github.com/latchkey-go/latchkey/importers"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// What the examples have: db is the other system's database, opened with the
// driver of your choice.
var (
	ctx  = context.Background()
	db   *sql.DB
	auth *latchkey.Auth[Member]
)

// Everything can be written as lines of JSON. A dry run says what would happen.
func Example() {
	auth := application()
	file := strings.NewReader(`{"email": "Ada@example.org", "hashed_password": "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"}
{"email": "bob@example.org", "is_verified": true, "full_name": "Bob", "shoe_size": 45}
{"email": "ada@example.org"}
`)
	report, err := importers.Run(ctx, auth.Manager(), importers.JSONLines(file), importers.Options{DryRun: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report)
	// Output:
	// 3 of 3 records: 1 would be imported
	// 2 doubled: several records have one address or one account
	// 1 imported without a password
	// 1 with "shoe_size", which is no JSON name of the user type, or none that its owner may write
	// record "1": doubled: another record has the same address
	// record "3": doubled: record 1 has the same address
}

func ExampleRun() {
	file, err := os.Open("users.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	report, err := importers.Run(ctx, auth.Manager(), importers.JSONLines(file), importers.Options{
		Rename:   map[string]string{"displayName": "full_name"},
		Progress: func(r importers.Report) { fmt.Printf("\r%d of %d", r.Done(), r.Total) },
		Each: func(r importers.Result) {
			if r.Outcome == importers.Imported {
				fmt.Println(r.Key, r.ID) // for the rows of your own that have the old ID
			}
		},
	})
	fmt.Println(report)
	if err != nil {
		log.Fatalf("go on with Options.After: %q: %v", report.After, err)
	}
}

func ExampleFastAPIUsers() {
	source := importers.FastAPIUsers(db, importers.TableOptions{})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{DryRun: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

func ExampleSupabase() {
	source := importers.Supabase(db, importers.TableOptions{})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{
		DryRun:    true,
		Rename:    map[string]string{"name": "full_name", "avatar_url": ""},
		Providers: map[string]string{"azure": "microsoft"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

func ExampleBetterAuth() {
	source := importers.BetterAuth(db, importers.BetterAuthOptions{AdminRole: "admin"})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{
		DryRun: true,
		Rename: map[string]string{"name": "full_name", "image": ""},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

func ExampleAuthJS() {
	source := importers.AuthJS(db, importers.TableOptions{
		Columns: importers.Columns{Hash: "password"}, // if the application has added one
	})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{
		DryRun:    true,
		Rename:    map[string]string{"name": "full_name", "image": ""},
		Providers: map[string]string{"microsoft-entra-id": "microsoft"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

func ExampleDevise() {
	source := importers.Devise(db, importers.DeviseOptions{})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{
		DryRun:    true,
		Providers: map[string]string{"google_oauth2": "google"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

func ExampleDjango() {
	source := importers.Django(db, importers.TableOptions{})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{
		DryRun: true,
		Rename: map[string]string{"first_name": "", "last_name": "full_name", "is_staff": ""},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

func ExampleTable_authboss() {
	source := importers.Table(db, importers.TableOptions{
		Users: "users",
		Columns: importers.Columns{
			ID: "id", Email: "email", Hash: "password", Verified: "confirmed", Created: "created_at", SuspendedUntil: "locked",
		},
	})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{DryRun: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

func ExampleTable_goth() {
	source := importers.Table(db, importers.TableOptions{
		Users:    "users",
		Columns:  importers.Columns{ID: "id", Email: "email", Hash: importers.None},
		Accounts: "logins",
		AccountColumns: importers.AccountColumns{
			User: "user_id", Provider: "provider", Subject: "provider_user_id", // goth.User's Provider and UserID
		},
	})
	report, err := importers.Run(ctx, auth.Manager(), source, importers.Options{
		DryRun:    true,
		Providers: map[string]string{"gplus": "google"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}

// The first hasher makes new hashes, and those of the others are replaced by
// its own as people log in.
func oldHashers(pepper string) ([]core.Hasher, error) {
	ours, err := argon2id.New(argon2id.Options{})
	if err != nil {
		return nil, err
	}
	supabase, err := bcrypt.New(bcrypt.Options{Pepper: pepper}) // Devise too, and a pepper if it has one
	if err != nil {
		return nil, err
	}
	betterAuth, err := scrypt.New(scrypt.Options{})
	if err != nil {
		return nil, err
	}
	django, err := pbkdf2.New(pbkdf2.Options{})
	if err != nil {
		return nil, err
	}
	return []core.Hasher{ours, supabase, betterAuth, django}, nil
}

// application is one over a store in memory.
func application() *latchkey.Auth[Member] {
	hashers, err := oldHashers("")
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Hashers:  hashers,
	})
	if err != nil {
		log.Fatal(err)
	}
	return auth
}
