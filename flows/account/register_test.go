package account_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

var register = account.Register{Attempts: core.Limit{Events: 3, Window: time.Hour}}

func registration(body string) servicetest.Call {
	return servicetest.Call{Route: "POST /register", JSON: body}
}

func newcomer(address, password string) servicetest.Call {
	return registration(fmt.Sprintf(`{"email": %q, "password": %q}`, address, password))
}

func TestRegister(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call   servicetest.Call
		status int
		part   string
	}{
		"twin":                          {newcomer("Grace@Example.org", password), 201, `"Grace@Example.org"`},
		"an own column":                 {registration(`{"email": "g@example.org", "password": "` + password + `", "nick": "amazing"}`), 201, `"nick":"amazing"`},
		"taken":                         {newcomer(ada, password), 400, core.CodeRegisterUserExists},
		"taken, in another spelling":    {newcomer("ADA@EXAMPLE.ORG", password), 400, core.CodeRegisterUserExists},
		"no address":                    {newcomer("grace", password), 422, "email"},
		"nothing at all":                {registration(`{}`), 422, "password"},
		"a short password":              {newcomer("grace@example.org", "short"), 400, core.CodeRegisterPassword},
		"an empty password":             {newcomer("grace@example.org", ""), 400, core.CodeRegisterPassword},
		"the address as a password":     {newcomer("grace@example.org", "grace@example.org"), 400, core.CodeRegisterPassword},
		"what no hasher takes":          {newcomer("grace@example.org", "unhashable"), 400, core.CodeRegisterPassword},
		"a column of another type":      {registration(`{"email": "g@example.org", "password": "` + password + `", "nick": 1}`), 422, "nick"},
		"rights that nobody gives away": {registration(`{"email": "g@example.org", "password": "` + password + `", "is_superuser": true, "is_verified": true, "is_active": false, "id": "1"}`), 201, `"is_active":true,"is_superuser":false,"is_verified":false`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			s.Add(ada, password)
			resp := s.Want(t.Context(), register, c.call, c.status, c.part)
			if c.status != 201 {
				if kinds := s.Happened(); len(kinds) != 0 {
					t.Errorf("%v has happened", kinds)
				}
				return
			}
			if strings.Contains(string(resp.Body), password) {
				t.Errorf("the answer repeats the password: %s", resp.Body)
			}
			e := s.Last()
			got := s.Get(e.User.Base().ID)
			if e.Kind != core.EventRegistered || got.ID == "1" || string(got.HashedPassword) != "$new$"+password ||
				got.EmailKey != strings.ToLower(got.Email) {
				t.Errorf("after %s: %+v", e.Kind, got.User)
			}
			if _, there := e.Input["password"]; there {
				t.Error("the event carries the password")
			}
		})
	}
}

func TestRegisterLimit(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	for _, name := range []string{"a", "b", "a"} { // refused ones count too
		_, _ = s.Do(t.Context(), register, newcomer(name+"@example.org", password))
	}
	s.Want(t.Context(), register, newcomer("d@example.org", password), 429, core.CodeRateLimited)
	s.Advance(time.Hour)
	s.Want(t.Context(), register, newcomer("d@example.org", password), 201, "d@example.org")
}

func TestOneOfManyRegistersAnAddress(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	var won, taken atomic.Int64
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range 64 {
		all.Go(func() {
			<-begin
			u := &servicetest.Account{User: core.User{Email: ada, IsActive: true}}
			switch err := account.Create(t.Context(), s.Services, u, password, nil, nil); {
			case err == nil:
				won.Add(1)
			case err.Error() == core.CodeRegisterUserExists:
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	close(begin)
	all.Wait()
	if won.Load() != 1 || taken.Load() != 63 {
		t.Errorf("%d won and %d found it taken, want 1 and 63", won.Load(), taken.Load())
	}
}

// An address that is taken between the look-up and the write is no 503.
func TestRegisterLosesARace(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Late = func() { s.Add(ada, "secret") }
	s.Want(t.Context(), register, newcomer(ada, password), 400, core.CodeRegisterUserExists)
}

// A refusal by a hook costs no hash and leaves no user.
func TestARefusedRegistration(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Refuse = &core.Error{Status: 403, Code: "BY_INVITATION"}
	s.Want(t.Context(), register, newcomer(ada, password), 403, "BY_INVITATION")
	if _, err := s.Store.Users.Find(t.Context(), core.ByEmail(ada)); err != core.ErrNotFound {
		t.Errorf("got %v, want no user", err)
	}
}

// Outside HTTP a user may have no password.
func TestCreateWithoutAPassword(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := &servicetest.Account{User: core.User{Email: ada, HashedPassword: "$new$left over", IsActive: true}}
	if err := account.Create(t.Context(), s.Services, u, "", nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.Get(u.ID); got.HashedPassword != "" || got.EmailKey != ada {
		t.Errorf("stored %q under %q", string(got.HashedPassword), got.EmailKey)
	}
}
