package timing_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/timing"
)

const (
	attackers  = 160
	logins     = 20
	mostFactor = 3.0 // required by G22
	change     = `{"password": "the new password %d", "current_password": %q}`
	right      = "correct horse 17 battery"
)

// BenchmarkFairness is G22: while one account has 160 new passwords hashed at
// once, the login of somebody else, from another network, takes at most three
// times as long as on a quiet server. Each login comes right after a separate
// attack has arrived, by an account and from a network that no limit has
// counted yet. Without limits, only the queue of hashes is fair.
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
		d, _ := a.somebody(b, 2*i)
		quiet = append(quiet, d)
		wait := a.attack(b, i)
		d, status := a.somebody(b, 2*i+1)
		if loud = append(loud, d); status != http.StatusOK {
			refused++
		}
		for _, status := range wait() {
			statuses[status]++
		}
	}
	still := timing.Quantile(quiet, 0.5)
	factor := float64(timing.Quantile(loud, 0.5)) / float64(still)
	b.ReportMetric(factor, "factor")
	b.Logf("a login takes %v at the median on a quiet server, %.1f times as long under attack; %d of %d were refused; "+
		"the attackers' answers: %v", still, factor, refused, logins, statuses)
	if factor > mostFactor || refused > 0 {
		b.Errorf("a login takes %.1f times as long as on a quiet server and %d are refused, must be %.1f times and none",
			factor, refused, mostFactor)
	}
}

func (a *application) register(b *testing.B, email string) {
	b.Helper()
	if err := a.auth.Manager().Create(b.Context(), &latchkey.User{Email: email, IsActive: true}, right); err != nil {
		b.Fatal(err)
	}
}

// somebody logs in, each time from another network, so that no limit is
// reached.
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

// attack makes many password changes of a new account at once and returns when
// all of them have arrived. wait returns the statuses of all their responses.
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
			_, statuses[i], _ = a.send(b, c, http.MethodPatch, "/users/me", answer.AccessToken, fmt.Sprintf(change, i, right))
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
