package command_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestUsersCreate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.runWith(password+"\n", "users", "create", "Ada@Example.org", "--superuser", "--verified", "--password-stdin",
		"--set", "full_name=Ada Lovelace", "--set", "age=36", "--set", `tags=["a","b"]`, "--set", "born=1815-12-10T00:00:00Z",
		"--set", "Pin=1234").want(0, "Ada@Example.org", "is created")
	u := s.get("ada@example.org")
	if !u.IsActive || !u.IsSuperuser || !u.IsVerified || u.FullName != "Ada Lovelace" || u.Age == nil || *u.Age != 36 ||
		len(u.Tags) != 2 || u.Born == nil || u.Born.Year() != 1815 || u.Pin != "1234" {
		t.Errorf("got %+v", u)
	}
	if _, err := s.auth.Manager().Authenticate(t.Context(), "ada@example.org", password); err != nil {
		t.Errorf("the password does not let in: %v", err)
	}
	bob := s.add("bob@example.org", "--inactive")
	if bob["is_active"] != false || bob["is_superuser"] != false || bob["has_password"] != true ||
		bob["created_at"] == nil {
		t.Errorf("got %v", bob)
	}
	s.run("users", "create", "carol@example.org", "--no-password").want(0)
	if u := s.get("carol@example.org"); u.HashedPassword != "" || !u.IsActive {
		t.Errorf("got %+v", u)
	}
	if s.opened != s.closed {
		t.Errorf("opened %d times, closed %d", s.opened, s.closed)
	}
}

// What an operator unlocks is what wrong passwords have locked.
func TestUsersUnlock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.limiter = memstore.NewLimiter(memstore.LimiterOptions{})
	s.add("ada@example.org")
	s.run("users", "unlock", "nobody@example.org").want(3, "there is no user")
	s.run("users", "unlock", "ada@example.org").want(0, "can log in again") // nothing was locked
	people := s.auth.Manager()
	for range 5 {
		if _, err := people.Authenticate(t.Context(), "ada@example.org", "a guess"); err == nil {
			t.Fatal("a guess is right")
		}
	}
	if _, err := people.Authenticate(t.Context(), "ada@example.org", password); !errors.Is(err, core.RateLimited(0)) {
		t.Fatalf("the login is not locked: %v", err)
	}
	s.run("users", "unlock", "ada@example.org", "--json").want(0, `"email":"ada@example.org"`)
	if _, err := people.Authenticate(t.Context(), "ada@example.org", password); err != nil {
		t.Errorf("the login is still locked: %v", err)
	}
}

func TestUsersCreateIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add("ada@example.org")
	s.hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[account]) error {
		if strings.HasPrefix(e.User.Email, "eve") {
			return latchkey.Refuse("NOT_WELCOME")
		}
		if strings.HasPrefix(e.User.Email, "down") {
			return errors.New("the other service is down")
		}
		return nil
	}
	for name, c := range map[string]struct {
		code  int
		part  string
		stdin string
		args  []string
	}{
		"an address that is taken":    {4, "REGISTER_USER_ALREADY_EXISTS", password, []string{"ADA@example.org", "--password-stdin"}},
		"no address":                  {4, "email", password, []string{"ada", "--password-stdin"}},
		"a short password":            {4, "REGISTER_INVALID_PASSWORD", "short", []string{"bob@example.org", "--password-stdin"}},
		"a hook that refuses":         {4, "NOT_WELCOME", password, []string{"eve@example.org", "--password-stdin"}},
		"a hook that fails":           {5, "other service", password, []string{"down@example.org", "--password-stdin"}},
		"no password":                 {2, "--password-stdin", "", []string{"bob@example.org"}},
		"an empty password":           {2, "empty", "\n", []string{"bob@example.org", "--password-stdin"}},
		"two ways to a password":      {2, "password-stdin", password, []string{"bob@example.org", "--password-stdin", "--link"}},
		"a password as an argument":   {2, "too much", "", []string{"bob@example.org", password}},
		"a password as a flag":        {2, "unknown flag", "", []string{"bob@example.org", "--password", password}},
		"an unknown column":           {2, "full_name", password, []string{"bob@example.org", "--password-stdin", "--set", "name=Bob"}},
		"a column of Latchkey's":      {2, "flag", password, []string{"bob@example.org", "--password-stdin", "--set", "is_superuser=true"}},
		"a column without a value":    {2, "NAME=VALUE", password, []string{"bob@example.org", "--password-stdin", "--set", "age"}},
		"a column of another type":    {2, "age", password, []string{"bob@example.org", "--password-stdin", "--set", "age=old"}},
		"no address at all":           {2, "EMAIL is missing", "", nil},
		"a link for an inactive user": {2, "inactive", "", []string{"bob@example.org", "--link", "--inactive"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			r := s.runWith(c.stdin, append([]string{"users", "create"}, c.args...)...).want(c.code, c.part)
			if r.out != "" {
				t.Errorf("the standard output has %q", r.out)
			}
			if _, err := s.users.Find(t.Context(), core.ByEmail("bob@example.org")); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("the user was created: %v", err)
			}
		})
	}
}

func TestALinkInPlaceOfAPassword(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	created := s.run("users", "create", "ada@example.org", "--superuser", "--link", "--json").want(0).object()
	link, _ := created["link"].(string)
	token, ok := strings.CutPrefix(link, "https://shop.example.org/reset#token=")
	if !ok || created["expires"] == nil {
		t.Fatalf("got %v", created)
	}
	if s.get("ada@example.org").HashedPassword != "" {
		t.Error("the user has a password")
	}
	if _, err := s.auth.Manager().ResetPassword(t.Context(), token, password); err != nil {
		t.Errorf("the link does not work: %v", err)
	}
	if _, err := s.auth.Manager().Authenticate(t.Context(), "ada@example.org", password); err != nil {
		t.Error(err)
	}
	out := s.run("users", "set-password", "ada@example.org", "--link").want(0, "once, until").out
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if !strings.HasPrefix(lines[len(lines)-1], "https://shop.example.org/reset#token=") {
		t.Errorf("got %q, want the link alone in the last line", out)
	}
	s.run("users", "deactivate", "ada@example.org").want(0)
	s.run("users", "set-password", "ada@example.org", "--link").want(4, "inactive")

	s.tickets = memstore.NewTickets(nil)
	s.run("users", "create", "bob@example.org", "--link").want(1, "memory")
	s.tickets, s.flows = elsewhere{s.tickets}, nil
	s.run("users", "create", "bob@example.org", "--link").want(1, "reset.Flow")
	s.run("users", "show", "bob@example.org").want(3)
}

func TestUsersChange(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.add("ada@example.org", "--set", "full_name=Ada")["id"].(string)
	ada := func() *account {
		t.Helper()
		u, err := s.users.Find(t.Context(), core.ByID(id))
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	s.run("users", "superuser", "ada@example.org").want(0, "is now a superuser")
	s.run("users", "verify", id).want(0, "is now verified")
	if u := ada(); !u.IsSuperuser || !u.IsVerified {
		t.Errorf("got %+v", u)
	}
	s.run("users", "superuser", "ada@example.org", "--off").want(0, "no longer a superuser")
	s.run("users", "verify", id, "--off").want(0)
	s.run("users", "deactivate", "ADA@example.org").want(0, "is deactivated")
	if u := ada(); u.IsSuperuser || u.IsVerified || u.IsActive || u.TokenEpoch == 0 {
		t.Errorf("got %+v", u)
	}
	s.run("users", "activate", id).want(0, "is activated")
	if !ada().IsActive {
		t.Error("activate has not activated")
	}
	s.run("users", "update", id, "--set", "full_name=Ada L.", "--set", "age=36", "--email", "ada@example.net").
		want(0, "is changed")
	if u := ada(); u.FullName != "Ada L." || *u.Age != 36 || u.Email != "ada@example.net" {
		t.Errorf("got %+v", u)
	}
	s.run("users", "update", id, "--set", "age=").want(0)
	if ada().Age != nil {
		t.Error("an empty value is not null")
	}
	s.run("users", "update", id).want(2, "nothing to change")
	s.runWith("another analytical engine", "users", "set-password", id, "--password-stdin").want(0, "new password")
	if _, err := s.auth.Manager().Authenticate(t.Context(), "ada@example.net", "another analytical engine"); err != nil {
		t.Error(err)
	}
	s.runWith("short", "users", "set-password", id, "--password-stdin").want(4, "UPDATE_USER_INVALID_PASSWORD")
	s.run("users", "delete", id).want(2, "--yes")
	if ada() == nil {
		t.Error("deleted without being asked to")
	}
	s.run("users", "delete", id, "--yes").want(0, "is deleted")
	for _, args := range [][]string{
		{"show"}, {"activate"}, {"deactivate"}, {"verify"}, {"superuser"}, {"delete", "--yes"}, {"update", "--email", "x@example.org"},
		{"set-password", "--password-stdin"},
	} {
		s.runWith(password, append([]string{"users", args[0], id}, args[1:]...)...).want(3, "there is no user "+id)
	}
}

func TestUsersShow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.add("ada@example.org", "--set", "full_name=Ada", "--set", "Pin=1234")["id"].(string)
	s.login("ada@example.org")
	out := s.run("users", "show", id).
		want(0, "ada@example.org", "active     yes", "password   yes", "sessions   1", "full_name  Ada").out
	shown := s.run("users", "show", id, "--json").want(0)
	if shown.object()["full_name"] != "Ada" || shown.object()["has_password"] != true {
		t.Errorf("got %s", shown.out)
	}
	hash := string(s.get("ada@example.org").HashedPassword)
	for _, secret := range []string{hash, "1234"} {
		if strings.Contains(out+shown.out, secret) {
			t.Errorf("it shows %q", secret)
		}
	}
}

func TestUsersList(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run("users", "list").want(0, "No user")
	for _, email := range []string{"ada@example.org", "adam@example.org", "bob@example.org"} {
		s.add(email)
	}
	s.run("users", "superuser", "bob@example.org").want(0)
	s.run("users", "deactivate", "adam@example.org").want(0)
	for args, want := range map[string]string{
		"":                               "ada adam bob",
		"--email ADA":                    "ada adam",
		"--active":                       "ada bob",
		"--active=false":                 "adam",
		"--superuser":                    "bob",
		"--superuser=false --sort email": "ada adam",
		"--sort email --desc":            "bob adam ada",
		"--sort email --limit 2":         "ada adam",
		"--sort email --limit 0":         "ada adam bob",
		"--suspended":                    "",
		"--verified=false --sort email":  "ada adam bob",
		"--from 2000-01-01 --sort email": "ada adam bob",
		"--before 2000-01-01":            "",
	} {
		r := s.run(append([]string{"users", "list", "--json"}, strings.Fields(args)...)...).want(0)
		var names []string
		for line := range strings.Lines(r.out) {
			_, rest, _ := strings.Cut(line, `"email":"`)
			name, _, _ := strings.Cut(rest, "@")
			names = append(names, name)
		}
		if args == "" { // in the store's own order
			if len(names) != 3 {
				t.Errorf("got %q", names)
			}
			continue
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: got %q, want %q", args, got, want)
		}
	}
	s.run("users", "list", "--limit", "2").want(0, "EMAIL", "There are more")
	for _, args := range []string{
		"--sort age", "--limit -1", "--from yesterday", "--email ada --sort created", "ada", "--active=maybe",
	} {
		s.run(append([]string{"users", "list"}, strings.Fields(args)...)...).want(2)
	}
}
