package proofs_test

import "testing"

// TestAttacks runs every case in one application of each place: the cases have
// users of their own, and share the clock.
func TestAttacks(t *testing.T) {
	everywhere(t, func(t *testing.T, a *app) {
		for _, c := range []func(*testing.T, *app){
			appCodes, recoveryCodes, removals, pendingLogins, stepUps, mailLogins, takeOvers, passkeys, cards,
			trust,
		} {
			c(t, a)
		}
	})
}
