package passkey_test

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// tickets count what is written.
type tickets struct {
	core.TicketStore
	mu            sync.Mutex
	writes, burnt int
}

func (s *tickets) Put(ctx context.Context, t core.Ticket, replace bool) error {
	s.count(1, 0)
	return s.TicketStore.Put(ctx, t, replace)
}

func (s *tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	s.count(1, 1)
	return s.TicketStore.Burn(ctx, purpose, d, until)
}

func (s *tickets) count(writes, burnt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes, s.burnt = s.writes+writes, s.burnt+burnt
}

// journal hears of everything.
type journal struct {
	mu     sync.Mutex
	events []core.Event
}

func (*journal) Name() string                                { return "journal" }
func (*journal) PerBackend() bool                            { return false }
func (*journal) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (j *journal) On(_ context.Context, _ *core.Services, e core.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

// of returns the codes of the events of a kind.
func (j *journal) of(kind core.EventKind) (codes []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.events {
		if e.Kind == kind {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

// pin is another second factor: it asks everybody who is not strong, and takes
// the code 1234.
type pin struct{}

func (pin) Name() string     { return "pin" }
func (pin) PerBackend() bool { return true }
func (pin) Method() string   { return "pin" }
func (pin) Asks(_ context.Context, _ core.AnyUser, done []core.Proof) (bool, error) {
	return !core.Strong(done), nil
}
func (pin) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "pin:" + svc.Backend.Name, Method: http.MethodPost, Pattern: "/pin", Public: true,
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			in, err := core.ReadStrings(r, "pending", "code")
			if err != nil {
				return nil, err
			}
			admission, err := svc.Gate.Continue(ctx, in[0], r, func(context.Context, core.AnyUser) (core.Proof, error) {
				if in[1] != "1234" {
					return core.Proof{}, core.Refuse("PIN_WRONG")
				}
				return core.Proof{Method: "pin", At: svc.Env.Now()}, nil
			})
			return admission.Answer, err
		},
	}}, nil
}
