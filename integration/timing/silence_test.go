package timing_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/integration/timing"
	"github.com/latchkey-go/latchkey/mailtoken"
)

const (
	pairs     = 2000
	mostApart = 0.55 // required by R16
)

// times holds the times of known and of unknown addresses.
type times struct{ known, unknown []time.Duration }

func (t *times) add(known bool, d time.Duration) {
	if known {
		t.known = append(t.known, d)
	} else {
		t.unknown = append(t.unknown, d)
	}
}

// report reports the AUC, and fails if it misses the requirement.
func (t *times) report(b *testing.B, name string) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, uint64(len(t.known))))
	auc := timing.AUC(t.known, t.unknown)
	low, high := timing.Bootstrap(r, 1000, t.known, t.unknown)
	b.ReportMetric(auc, name+"-AUC")
	b.Logf("%s: AUC %.3f [%.3f, %.3f], medians %v known and %v unknown, %d pairs", name, auc, low, high,
		timing.Quantile(t.known, 0.5), timing.Quantile(t.unknown, 0.5), len(t.known))
	if timing.Apart(auc) > mostApart {
		b.Errorf("%s reveals who is registered: AUC %.3f, must be %.2f at most", name, auc, mostApart)
	}
}

// BenchmarkSilence is R16: neither the time of a request for mail nor that of
// the request after it reveals who is registered. Each address is tried once,
// known and unknown ones in random order.
func BenchmarkSilence(b *testing.B) {
	plenty := latchkey.Limit{Events: 1_000_000, Window: time.Hour}
	for name, open := range databases {
		for _, route := range []string{"forgot-password", "request-verify-token"} {
			b.Run(name+"/"+route, func(b *testing.B) {
				a := newApplication(b, open(b), func(o *latchkey.Options[latchkey.User]) {
					mails := mailtoken.Options{RequestLimit: plenty}
					o.Flows = []latchkey.Flow{verify.Flow{Options: mails}, reset.Flow{Options: mails}}
					o.Limits.LoginAttempts = plenty
				})
				var own, next times
				for range b.N {
					own, next = times{}, times{}
					probe(b, a, "/auth/"+route, &own, &next)
				}
				own.report(b, "request")
				next.report(b, "next")
			})
		}
	}
}

// probe tries as many addresses of each kind as there are pairs.
func probe(b *testing.B, a *application, path string, own, next *times) {
	b.Helper()
	prefix := strings.ToLower(fmt.Sprintf("p%d-", rand.Uint32()))
	address := func(known bool, i int) string {
		if known {
			return fmt.Sprintf("%sk%06d@example.org", prefix, i)
		}
		return fmt.Sprintf("%su%06d@example.org", prefix, i)
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	for i := range pairs {
		email := address(true, i)
		u := &latchkey.User{
			Email: email, EmailKey: email, HashedPassword: core.PasswordHash("none"), IsActive: true,
			CreatedAt: at, UpdatedAt: at,
		}
		if err := a.users.Create(b.Context(), u); err != nil {
			b.Fatal(err)
		}
	}
	order := make([]int, 2*pairs)
	for i := range order {
		order[i] = i
	}
	rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	c := client("127.0.0.1")
	ask := func(email string) time.Duration {
		took, status, body := a.send(b, c, http.MethodPost, path, "", fmt.Sprintf(`{"email": %q}`, email))
		if status != http.StatusAccepted {
			b.Fatalf("%s answers %d %s", path, status, body)
		}
		return took
	}
	for range 100 { // what is slow at first
		ask(prefix + "warm@example.org")
	}
	for _, n := range order {
		known := n < pairs
		own.add(known, ask(address(known, n%pairs)))
		next.add(known, ask(prefix+"nobody@example.org")) // immediately
		time.Sleep(rand.N(2 * time.Millisecond))          // so that work left over from one does not delay the other
	}
}
