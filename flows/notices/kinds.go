package notices

import (
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// noticeOf returns the notice of an event, if there is one.
func noticeOf(e core.Event) (n core.Notice, ok bool) {
	n = core.Notice{At: e.At.UTC(), Count: e.Count, Others: byOthers(e)}
	switch e.Kind {
	case core.EventUpdated:
		n.What, ok = PasswordChanged, slices.Contains(e.Fields, "password")
	case core.EventPasswordReset:
		n.What, ok = PasswordReset, true
	case core.EventFactorAdded:
		n.What, n.Subject, ok = FactorAdded, e.Method, true
		if e.Method == core.KindTrusted {
			n.What, n.Subject = BrowserTrusted, ""
		}
	case core.EventFactorRemoved: // one browser less that is trusted is nothing to worry about
		n.What, n.Subject, ok = FactorRemoved, e.Method, e.Method != core.KindTrusted
	case core.EventRecoveryUsed:
		n.What, ok = RecoveryUsed, true
	case core.EventFactorRefused:
		n.What, n.Subject, ok = FactorFailures, e.Method, e.Count == failures
	case core.EventPasskeyCloned: // devices count a synced one each on their own
		n.What, ok = PasskeyClone, e.Code != ""
	case core.EventSessionReused:
		n.What, ok = SessionReused, true
	case core.EventLinked:
		n.What, n.Subject, ok = ProviderLinked, strings.TrimPrefix(e.Method, core.MethodOAuth), true
	case core.EventLoggedIn:
		n.What, ok = NewDevice, e.NewDevice && e.User != nil && e.At.Sub(e.User.Base().CreatedAt) >= settled
		if e.Method == core.MethodDevice {
			n.What, ok = DeviceLogin, true
		}
	case core.EventLoginFailed:
		n.What, ok = LoginFailures, e.Method == core.MethodPassword && e.Code == core.CodeRateLimited
	case core.EventUnlinked:
		n.What, n.Subject, ok = ProviderUnlinked, strings.TrimPrefix(e.Method, core.MethodOAuth), true
	case core.EventKeyMade, core.EventKeyRotated:
		n.What, ok = KeyMade, true
	case core.EventExported:
		n.What, ok = DataExported, true
	}
	return n, ok
}

// byOthers reports whether an administrator, or the application, is behind an
// event: neither the user nor a request of somebody who is not logged in.
func byOthers(e core.Event) bool {
	switch e.Actor.Kind {
	case "nobody":
		return false
	case "user":
		return e.User == nil || e.Actor.UserID != e.User.Base().ID || e.Actor.Actor != ""
	}
	return true
}
