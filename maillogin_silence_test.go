package latchkey_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// inQuietMail is inQuiet with the login by mail.
func inQuietMail(t *testing.T, f maillogin.Flow, test func(t *testing.T, q *quiet)) {
	t.Helper()
	plenty := latchkey.Limit{Events: 1 << 20, Window: time.Hour}
	f.Options = mailtoken.Options{RequestLimit: plenty, MailLimit: plenty, AttemptLimit: plenty}
	inQuiet(t, func(_ *quiet, o *latchkey.Options[Member]) { o.Flows = []latchkey.Flow{f} }, test)
}

// took returns how many users a look-up has found since it was called last.
func (q *quiet) took() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.found
	q.found = 0
	return n
}

// Unknown, inactive, unverified and known addresses: the answers are equal, and
// so is the work before them, of a request and of a confirmation.
func TestAttackM53WhoIsRegistered(t *testing.T) {
	t.Parallel()
	people := []string{
		"ada@example.org", "nobody@example.org", "inactive@example.org", "suspended@example.org", "unverified@example.org",
	}
	open := func(q *quiet) {
		verified := func(u *core.User) { u.IsVerified = true }
		q.user(people[0], verified)
		q.user(people[2], func(u *core.User) { u.IsActive = false })
		q.user(people[3], func(u *core.User) { u.SuspendedUntil = time.Now().Add(time.Hour) })
		q.user(people[4], nil)
	}
	flow := regexp.MustCompile(`"flow":"([A-Za-z0-9_-]{43})"`)
	for _, signUp := range []bool{false, true} {
		inQuietMail(t, maillogin.Flow{SignUp: signUp}, func(t *testing.T, q *quiet) {
			open(q)
			ask, confirm := q.MailLogin("web")[0], q.MailLogin("web")[1]
			for _, email := range people {
				got := q.post(ask, fmt.Sprintf(`{"email": %q}`, email))
				found := flow.FindSubmatch(got.Body)
				rest := flow.ReplaceAllString(string(got.Body), `"flow":""`)
				if got.Status != 202 || rest != `{"flow":"","expires_in":600}` {
					t.Fatalf("%s: %d %s", email, got.Status, got.Body)
				}
				time.Sleep(499 * time.Millisecond) // the time of the next request, too
				synctest.Wait()
				if calls := q.noted(); !slices.Equal(calls, []string{"limiter.Allow", "users.Find"}) {
					t.Errorf("asking for %s causes %q", email, calls)
				}
				if n := q.took(); n != 0 {
					t.Errorf("asking for %s has found %d users", email, n)
				}
				time.Sleep(2001 * time.Millisecond)
				synctest.Wait()
				job := []string{"users.Find", "limiter.Allow", "limiter.Allow", "tickets.Put"}
				if mailed := email == people[0] || email == people[4] || signUp && email == people[1]; mailed {
					job = append(job, "tickets.Find", "send")
				}
				if calls := q.noted(); !slices.Equal(calls, job) {
					t.Errorf("the job of %s calls %q, want %q", email, calls, job)
				}
				q.took()
				for _, by := range []string{`"code": "00000000"`, `"token": "` + strings.Repeat("A", 43) + `"`} {
					got := q.post(confirm, fmt.Sprintf(`{"flow": %q, %s}`, found[1], by))
					if got.Status != 400 || string(got.Body) != badCode {
						t.Errorf("%s: %d %s", email, got.Status, got.Body)
					}
					time.Sleep(499 * time.Millisecond)
					synctest.Wait()
					want := []string{"limiter.Allow", "tickets.Find", "limiter.Allow", "limiter.Allow", "tickets.Burn"}
					if strings.HasPrefix(by, `"token`) { // after one code
						want = []string{"limiter.Allow", "tickets.Find", "tickets.Burn", "tickets.Burn"}
					}
					if calls, n := q.noted(), q.took(); !slices.Equal(calls, want) || n != 0 {
						t.Errorf("a confirmation of %s causes %q and finds %d users, want %q", email, calls, n, want)
					}
					time.Sleep(2001 * time.Millisecond) // the event
					synctest.Wait()
					if calls := q.noted(); !slices.Equal(calls, []string{"users.Find"}) {
						t.Errorf("later the confirmation of %s causes %q", email, calls)
					}
					q.took()
				}
			}
		})
	}
}

// The limit of an address' wrong codes lasts longer for a user than for nobody,
// and is not seen in the work.
func TestAttackM53WrongCodesBeyondTheLimit(t *testing.T) {
	flow := regexp.MustCompile(`"flow":"([A-Za-z0-9_-]{43})"`)
	people := []string{"ada@example.org", "nobody@example.org"}
	inQuietMail(t, maillogin.Flow{}, func(t *testing.T, q *quiet) {
		q.user(people[0], func(u *core.User) { u.IsVerified = true })
		ask, confirm := q.MailLogin("web")[0], q.MailLogin("web")[1]
		guess := func(email string, n int) (calls [][]string) {
			found := flow.FindSubmatch(q.post(ask, fmt.Sprintf(`{"email": %q}`, email)).Body)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			for range n {
				q.noted()
				got := q.post(confirm, fmt.Sprintf(`{"flow": %q, "code": "00000000"}`, found[1]))
				if got.Status != 400 || string(got.Body) != badCode {
					t.Errorf("%s: %d %s", email, got.Status, got.Body)
				}
				calls = append(calls, q.noted())
				time.Sleep(3 * time.Second) // the event
				synctest.Wait()
			}
			return calls
		}
		for _, email := range people {
			for range 21 {
				guess(email, 5)
			}
		}
		time.Sleep(time.Hour)
		user, nobody := guess(people[0], 7), guess(people[1], 7)
		for i := range user {
			if !slices.Equal(user[i], nobody[i]) || len(user[i]) < 5 {
				t.Errorf("code %d causes %q for a user, and %q for nobody", i, user[i], nobody[i])
			}
		}
	})
}

func TestAttackM53ARequestAllocatesAsMuchForEverybody(t *testing.T) {
	inQuietMail(t, maillogin.Flow{}, func(t *testing.T, q *quiet) {
		q.fail("users.Find", core.ErrNotFound) // no row: what a store needs for one is its own
		var allocs []float64
		for _, email := range []string{"somebody@example.org", "ada.love@example.org"} {
			body := fmt.Sprintf(`{"email": %q}`, email)
			allocs = append(allocs, testing.AllocsPerRun(100, func() { q.post(q.MailLogin("web")[0], body) }))
		}
		if math.Abs(allocs[0]-allocs[1]) > 1 { // a map grows now and then
			t.Errorf("allocations %v", allocs)
		}
	})
}
