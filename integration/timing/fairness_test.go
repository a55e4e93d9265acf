package timing_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/timing"
)

const (
	attackers  = 160
	logins     = 20
	mostFactor = 3.0 // the must: G22
	// under is how long the shorter attack, which limits end, has hashes queued.
	under = 200 * time.Millisecond
	right = "correct horse 17 battery"
)

// BenchmarkFairness is G22: while one account has 160 new passwords hashed at
// once, the login of somebody else, from another network, takes at most three
// times as long as on a quiet server. Each login meets an attack of its own, at
// a random moment, by an account and from a network that no limit knows yet.
// Without limits, it is the queue of hashes alone that is fair.
func BenchmarkFairness(b *testing.B) {
	for name, unlimited := range map[string]bool{"defaults": false, "without limits": true} {
		b.Run(name, func(b *testing.B) {
			a := newApplication(b, databases["SQLite"](b), func(o *latchkey.Options[latchkey.User]) {
				o.InsecureNoLimits = unlimited
			})
			a.register(b, "somebody@example.org")
			for range b.N {
				a.fairness(b)
			}
		})
	}
}

func (a *application) fairness(b *testing.B) {
	b.Helper()
	var quiet, loud []time.Duration
	statuses, refused := map[int]int{}, 0
	for i := range logins {
		d, _ := a.somebody(b, i)
		quiet = append(quiet, d)
	}
	for i := range logins {
		wait := a.attack(b, i)
		time.Sleep(rand.N(under))
		d, status := a.somebody(b, logins+i)
		if loud = append(loud, d); status != http.StatusOK {
			refused++
		}
		for _, status := range wait() {
			statuses[status]++
		}
	}
	factor := float64(timing.Quantile(loud, 0.5)) / float64(timing.Quantile(quiet, 0.5))
	b.ReportMetric(factor, "factor")
	b.Logf("a login takes %v at the median and %v at most on a quiet server, %v and %v under attack, factor %.1f; "+
		"%d of %d were refused; the attackers' answers: %v",
		timing.Quantile(quiet, 0.5), slices.Max(quiet), timing.Quantile(loud, 0.5), slices.Max(loud), factor,
		refused, logins, statuses)
	if factor > mostFactor || refused > 0 {
		b.Errorf("a login takes %.1f times as long as on a quiet server and %d are refused, must be %.0f times and none",
			factor, refused, mostFactor)
	}
}

func (a *application) register(b *testing.B, email string) {
	b.Helper()
	if err := a.auth.Manager().Create(b.Context(), &latchkey.User{Email: email, IsActive: true}, right); err != nil {
		b.Fatal(err)
	}
}

// somebody logs in, each time from another network, so that no limit is met.
func (a *application) somebody(b *testing.B, n int) (took time.Duration, status int) {
	b.Helper()
	c := client(fmt.Sprintf("127.0.1.%d", 1+n))
	defer c.CloseIdleConnections()
	took, status, _ = a.login(b, c, "somebody@example.org")
	return took, status
}

func (a *application) login(b *testing.B, c *http.Client, email string) (time.Duration, int, string) {
	b.Helper()
	body := fmt.Sprintf(`{"username": %q, "password": %q}`, email, right)
	return a.send(b, c, http.MethodPost, "/auth/web/login", "", body)
}

// attack changes the password of a new account in many requests at once, and
// returns when all of them have arrived. wait returns the statuses of all
// their answers.
func (a *application) attack(b *testing.B, n int) (wait func() []int) {
	b.Helper()
	email := fmt.Sprintf("attacker%d@example.org", n)
	a.register(b, email)
	c := client(fmt.Sprintf("127.0.2.%d", 1+n))
	c.Transport.(*http.Transport).MaxConnsPerHost = attackers
	_, status, body := a.login(b, c, email)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		b.Fatalf("the attacker's login answers %d %s", status, body)
	}
	before, statuses := a.changes.Load(), make([]int, attackers)
	var requests sync.WaitGroup
	for i := range attackers {
		requests.Go(func() {
			change := fmt.Sprintf(`{"password": "the new password %d", "current_password": %q}`, i, right)
			_, statuses[i], _ = a.send(b, c, http.MethodPatch, "/users/me", answer.AccessToken, change)
		})
	}
	for deadline := time.Now().Add(10 * time.Second); a.changes.Load()-before < attackers; {
		time.Sleep(time.Millisecond)
		if time.Now().After(deadline) {
			b.Fatal("the attack does not arrive")
		}
	}
	return func() []int {
		requests.Wait()
		c.CloseIdleConnections()
		return statuses
	}
}
