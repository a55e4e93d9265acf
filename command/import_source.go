package command

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/importers"
)

// fromEnv is the environment variable that stands for FROM.
const fromEnv = "IMPORT_FROM"

// sourceFlags say where the users of a database are.
type sourceFlags struct {
	table          importers.TableOptions
	columns        []string
	accountColumns []string
	unlockIn       time.Duration
	adminRole      string
}

// makers make the sources that are databases, by their names.
func (f *sourceFlags) makers() map[string]func(*sql.DB) importers.Source {
	return map[string]func(*sql.DB) importers.Source{
		"fastapi-users": func(db *sql.DB) importers.Source { return importers.FastAPIUsers(db, f.table) },
		"supabase":      func(db *sql.DB) importers.Source { return importers.Supabase(db, f.table) },
		"auth-js":       func(db *sql.DB) importers.Source { return importers.AuthJS(db, f.table) },
		"django":        func(db *sql.DB) importers.Source { return importers.Django(db, f.table) },
		"table":         func(db *sql.DB) importers.Source { return importers.Table(db, f.table) },
		"better-auth": func(db *sql.DB) importers.Source {
			return importers.BetterAuth(db, importers.BetterAuthOptions{TableOptions: f.table, AdminRole: f.adminRole})
		},
		"devise": func(db *sql.DB) importers.Source {
			return importers.Devise(db, importers.DeviseOptions{TableOptions: f.table, UnlockIn: f.unlockIn})
		},
	}
}

// databases are the sources that have tables of their own.
func databases() []string {
	names := slices.Sorted(maps.Keys((&sourceFlags{}).makers()))
	return slices.DeleteFunc(names, func(name string) bool { return name == "table" })
}

func (f *sourceFlags) add(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVar(&f.table.Users, "users", "", "the table of users, where it is another one than usual")
	s.StringVar(&f.table.Accounts, "accounts", "", "the table of accounts at providers; - for none")
	s.StringArrayVar(&f.columns, "column", nil,
		"PART=COLUMN of the table of users: "+strings.Join(partNames(columnParts(nil)), ", "))
	s.StringArrayVar(&f.accountColumns, "account-column", nil,
		"PART=COLUMN of the table of accounts: "+strings.Join(partNames(accountParts(nil)), ", "))
	s.BoolVar(&f.table.Tokens, "tokens", false, "import providers' tokens too, which the application must seal")
	s.DurationVar(&f.unlockIn, "unlock-in", 0, "devise's config.unlock_in; negative for never (default: 1h)")
	s.StringVar(&f.adminRole, "admin-role", "", "better-auth's role whose users become superusers")
}

// columnParts are the columns of users by the names that --column has.
func columnParts(c *importers.Columns) map[string]*string {
	if c == nil {
		c = &importers.Columns{}
	}
	return map[string]*string{
		"id": &c.ID, "email": &c.Email, "hash": &c.Hash, "verified": &c.Verified, "active": &c.Active, "superuser": &c.Superuser,
		"created": &c.Created, "suspended-until": &c.SuspendedUntil, "suspended-for": &c.SuspendedFor, "deleted": &c.Deleted,
	}
}

func accountParts(c *importers.AccountColumns) map[string]*string {
	if c == nil {
		c = &importers.AccountColumns{}
	}
	return map[string]*string{
		"user": &c.User, "provider": &c.Provider, "subject": &c.Subject, "email": &c.Email,
		"access": &c.Access, "refresh": &c.Refresh, "expires": &c.Expires,
	}
}

func partNames(parts map[string]*string) []string { return slices.Sorted(maps.Keys(parts)) }

// name sets the columns that a flag has named.
func name(flag string, values []string, parts map[string]*string) error {
	given, err := pairs(flag, values)
	if err != nil {
		return err
	}
	for part, column := range given {
		to, ok := parts[part]
		if !ok {
			return usage("--%s %s: there is no such part: %s", flag, part, strings.Join(partNames(parts), ", "))
		}
		*to = column
	}
	return nil
}

// open opens the source that the arguments name; the caller closes it.
func (f *sourceFlags) open(ctx context.Context, p *printer, args []string) (importers.Source, func(), error) {
	from := os.Getenv(fromEnv)
	if len(args) > 1 {
		from = args[1]
	}
	if args[0] == "jsonl" {
		return openLines(p, from)
	}
	source, ok := f.makers()[args[0]]
	if !ok {
		return nil, nil, usage("there is no source %q: jsonl, table, %s", args[0], strings.Join(databases(), ", "))
	}
	err := name("column", f.columns, columnParts(&f.table.Columns))
	if err == nil {
		err = name("account-column", f.accountColumns, accountParts(&f.table.AccountColumns))
	}
	if err == nil && from == "" {
		err = usage("FROM is missing: a URL (file:, postgres: or mysql:), as an argument or in %s", fromEnv)
	}
	if err != nil {
		return nil, nil, err
	}
	if u, err := url.Parse(from); err == nil && len(args) > 1 {
		if _, secret := u.User.Password(); secret {
			p.note("Other users of this machine see the password in the URL; %s may hold the URL instead.", fromEnv)
		}
	}
	db, err := openDatabase(ctx, from)
	if err != nil {
		return nil, nil, err
	}
	return source(db), func() { _ = db.Close() }, nil
}

// openLines opens a file of JSON Lines; "-" is the standard input, which is
// kept in a file of its own as it is read twice.
func openLines(p *printer, path string) (importers.Source, func(), error) {
	switch path {
	case "":
		return nil, nil, usage("FROM is missing: a file of JSON Lines, or - for the standard input")
	case "-":
		kept, err := os.CreateTemp("", "import-*.jsonl") // with mode 0600
		if err != nil {
			return nil, nil, err
		}
		remove := func() { _ = errors.Join(kept.Close(), os.Remove(kept.Name())) }
		if _, err := io.Copy(kept, p.in); err != nil {
			remove()
			return nil, nil, err
		}
		return importers.JSONLines(kept), remove, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return importers.JSONLines(file), func() { _ = file.Close() }, nil
}

// openDatabase opens the database of a URL, by a driver that the program has.
func openDatabase(ctx context.Context, from string) (*sql.DB, error) {
	scheme, _, _ := strings.Cut(from, ":")
	d, ok := map[string]struct {
		drivers []string
		dsn     func(string) (string, error)
	}{
		"file":       {[]string{"sqlite", "sqlite3"}, fileDSN},
		"postgres":   {[]string{"pgx", "pgx/v5", "postgres"}, sameDSN},
		"postgresql": {[]string{"pgx", "pgx/v5", "postgres"}, sameDSN},
		"mysql":      {[]string{"mysql"}, mysqlDSN},
	}[scheme]
	if !ok {
		return nil, usage("FROM must be a URL that begins with file:, postgres: or mysql:")
	}
	registered := sql.Drivers()
	i := slices.IndexFunc(d.drivers, func(name string) bool { return slices.Contains(registered, name) })
	if i < 0 {
		return nil, fmt.Errorf("the program has no driver for %s: import one, or let the program latchkey write the users to a file "+
			"(import … --write users.jsonl) and import that", scheme)
	}
	dsn, err := d.dsn(from)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(d.drivers[i], dsn)
	if err == nil {
		err = db.PingContext(ctx)
	}
	if err != nil {
		text := "the source cannot be reached: " + withoutPassword(err, from) + "\n" + hintServer
		return nil, &failure{exit: exitUnavailable, text: text}
	}
	return db, nil
}

// withoutPassword is an error without the password of a URL.
func withoutPassword(err error, from string) string {
	text := err.Error()
	if u, parseErr := url.Parse(from); parseErr == nil {
		if secret, ok := u.User.Password(); ok && secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
			text = strings.ReplaceAll(text, url.QueryEscape(secret), "…")
			text = strings.ReplaceAll(text, url.PathEscape(secret), "…")
		}
	}
	return text
}

func sameDSN(from string) (string, error) { return from, nil }

// fileDSN refuses a file that is not there, which SQLite would make.
func fileDSN(from string) (string, error) {
	path, _, _ := strings.Cut(strings.TrimPrefix(from, "file:"), "?")
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	return from, nil
}

// mysqlDSN is a URL in the form of go-sql-driver.
func mysqlDSN(from string) (string, error) {
	u, err := url.Parse(from)
	if err != nil {
		return "", usage("FROM is no URL")
	}
	host := u.Host
	if u.Port() == "" {
		host += ":3306"
	}
	user := u.User.Username()
	if secret, ok := u.User.Password(); ok {
		user += ":" + secret
	}
	dsn := fmt.Sprintf("%s@tcp(%s)/%s", user, host, strings.TrimPrefix(u.Path, "/"))
	if u.RawQuery != "" {
		dsn += "?" + u.RawQuery
	}
	return dsn, nil
}
