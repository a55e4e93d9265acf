package proofs_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestAttacks runs every case in one application of each place: the cases have
// users of their own, and share the clock.
func TestAttacks(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		for _, c := range []func(*testing.T, *app){
			appCodes, recoveryCodes, removals, pendingLogins, stepUps, mailLogins, takeOvers, passkeys, cards,
			trust, deviceAndPassword,
		} {
			c(t, a)
		}
	})
}

// TestAttackUses runs the cases of audit records, refresh tokens, API keys,
// administrators, limits and devices, in one application of each place, or
// beside it.
func TestAttackUses(t *testing.T) {
	for _, p := range places {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			a := harness.NewApp(t, p.Adapter, p.Open, uses(t))
			a.ServeOAuth(t)
			for _, c := range []func(*testing.T, *harness.App){
				auditLog, // counts the records of everybody
				tabs, replacedToken, blockedRenewals, otherTokens, oldTokens, guessedTokens, renewalsInAnOutage, refreshCookies,
				expiredLogouts, passwordBesideRenewals, actorsRenewals,
				keyMakers, keyLeaks, keysEverywhere, keysAfterAReset, keyBodies, keyRevived, keyLookup, keyLimits, keyWrites,
				keyEnds, keyLifetimes, keyElsewhere,
				whoActsAsWhom, whoActsChangesNothing, comingBack, actorIsJudged, actsAreOnRecord, readersOfRecords,
				suspension, whoMaySuspend, lists,
				spellings, lastSlot, lastSlots, captcha, lockedOutOnPurpose, stolenCookie, knownBrowsersEnd,
				consecutiveFailures, nobodyIsLimitedAlike,
				deviceClaims, deviceRaces, deviceDeciders, deviceUsers, deviceApprovers, deviceCodes, deviceLogins,
				deviceLimits,
			} {
				c(t, a)
			}
		})
	}
}

// uses are the options of such an application.
func uses(t *testing.T) func(*harness.App, *harness.Options) {
	return harness.WithOAuth(t, nil, harness.Renewing, harness.WithAPIKeys(t, nil),
		func(a *harness.App, o *harness.Options) {
			a.Note = calls.Of(a).Add
			o.Log, o.Flows = journals.Of(a).Logger(), append(o.Flows, vetoes.Of(a))
			o.RouteScopes = map[string]string{"users:current_user": "orders:read"}
			o.SelfDelete, o.SelfExport = true, true
		})
}

// journals are the logs of applications.
var journals harness.PerApp[harness.Journal]
