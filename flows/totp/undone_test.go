package totp_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/factortest"
)

var errLate = errors.New("the commit has failed")

// An enrolment that is undone leaves nothing that asks, also where no
// transaction of the users undoes what is stored of it.
func TestAttackM26AnEnrolmentThatIsUndone(t *testing.T) {
	t.Parallel()
	const in = `{"email": "` + factortest.Ada + `", "password": "` + factortest.Password + `"}`
	for name, c := range map[string]struct {
		next  []error
		kept  int
		asked bool
	}{
		"it is not undone":          {nil, 1, true},
		"it fails":                  {[]error{errLate}, 0, false},
		"it fails and is run again": {[]error{factortest.ErrAgain}, 0, false}, // its ticket is consumed
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store core.CredentialStore
				a := factortest.Separate(t, func(o *latchkey.Options[factortest.Member]) {
					full := authtest.Options(t, *o)
					store, o.Credentials = full.Credentials, full.Credentials
				})
				c1 := a.Client("api")
				c1.Ask("/login", in, 200, "")
				begun := c1.Ask("/totp/begin", "", 200, "")
				a.Ledger.Next = c.next
				body := `{"enrolment": "` + begun["enrolment"].(string) + `", "code": "` +
					authtest.TOTP(t, begun["secret"].(string)) + `"}`
				w := c1.Do(a, "POST", "/auth/api/totp/confirm", body)
				if (w.Code == 200) != c.asked {
					t.Errorf("the confirmation is %d %s", w.Code, w.Body)
				}
				all, err := store.List(context.Background(), "totp", a.Ada.ID)
				if err != nil || len(all) != c.kept {
					t.Errorf("kept are %v, %v", all, err)
				}
				status := 200
				if c.asked {
					status = 403
				}
				a.Client("api").Ask("/login", in, status, "")
				if !c.asked {
					a.Client("api").Enrol(factortest.Ada) // the twin
				}
			})
		})
	}
}

// late is a factor that a user gets while an enrolment is under way.
type late struct{ has *bool }

func (late) Name() string                                                     { return "late" }
func (late) PerBackend() bool                                                 { return true }
func (late) Routes(*core.Services) ([]core.Route, error)                      { return nil, nil }
func (late) Method() string                                                   { return "late" }
func (l late) Asks(context.Context, core.AnyUser, []core.Proof) (bool, error) { return *l.has, nil }
func (l late) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	*l.has = *l.has || e.Kind == core.EventFactorAdded
	return nil
}

// M32: inside a pending login nobody enrols a factor beside one that the user
// got meanwhile.
func TestAttackM32AFactorThatComesMeanwhile(t *testing.T) {
	t.Parallel()
	for _, meanwhile := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var store core.CredentialStore
			a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
				o.RequireFactor = func(context.Context, *factortest.Member) (bool, error) { return true, nil }
				if meanwhile {
					o.Flows = append(o.Flows, late{new(bool)})
				}
				full := authtest.Options(t, *o)
				store, o.Credentials = full.Credentials, full.Credentials
			})
			c := a.Client("api")
			detail := c.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 403,
				core.CodeLoginEnrolment)["detail"].(map[string]any)
			pending := detail["pending"].(string)
			begun := c.Ask("/login/totp/begin", `{"pending": "`+pending+`"}`, 200, "")
			body := `{"pending": "` + pending + `", "enrolment": "` + begun["enrolment"].(string) + `", "code": "` +
				authtest.TOTP(t, begun["secret"].(string)) + `"}`
			status, kept := 200, 1
			if meanwhile {
				status, kept = 403, 0
			}
			c.Ask("/login/totp/confirm", body, status, "")
			if all, err := store.List(context.Background(), "totp", a.Ada.ID); err != nil || len(all) != kept {
				t.Errorf("kept are %v, %v", all, err)
			}
		})
	}
}
