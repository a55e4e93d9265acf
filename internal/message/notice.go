package message

import (
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// told is a notice in words: the subject of its mail, what happened, and what
// to do where that was somebody else.
type told struct{ Title, Happened, Todo string }

const (
	newPassword = "log in and choose a new password at once, which ends all other logins"
	noPassword  = "ask for a new password on the login page at once, which ends all logins"
	look        = ". Then look through the second factors in your account"
)

// tell puts a notice into words; what it is about is never the user's own text.
func tell(n core.Notice) told {
	subject := subjectOf(n.Subject)
	switch n.What {
	case "password_changed":
		return told{"Your password was changed", "the password of your account was changed", noPassword}
	case "password_reset":
		return told{
			"Your password was replaced",
			"the password of your account was replaced by a link that was mailed to this address. All logins have ended",
			"somebody reads your mails: change the password of your mailbox, then " + noPassword,
		}
	case "factor_added":
		return told{
			"Added to your account: " + subject, "this was added to your account: " + subject, newPassword + look,
		}
	case "factor_removed":
		return told{
			"Removed from your account: " + subject, "this was removed from your account: " + subject, newPassword + look,
		}
	case "browser_trusted":
		return told{
			"A browser is trusted now", "a browser is trusted now: logins in it need no second factor for a while",
			newPassword + ", and the trust too",
		}
	case "recovery_used":
		return told{"A recovery code was used", "a recovery code was used up, of which " + left(n.Count), newPassword + look}
	case "factor_failures":
		return told{
			"Somebody may know your password",
			fmt.Sprintf("somebody has given your password, or another first proof, and then %d wrong codes (%s)", n.Count, subject),
			"your password is known to somebody else, and only the second factor has kept them out: " + newPassword,
		}
	case "passkey_clone":
		return told{
			"A passkey was refused", "a passkey of your account was refused, since there may be a copy of it",
			"log in by another way, remove that passkey from your account, and choose a new password",
		}
	case "provider_linked":
		return told{
			"A new way to log in: " + n.Subject, "an account at " + n.Subject + " was connected: it logs in to your account now",
			"disconnect it in your account, and choose a new password, which ends all other logins",
		}
	case "session_reused", "new_device", "device_login", "login_failures":
		return tellLogin(n)
	case "provider_unlinked":
		return told{
			"Disconnected: " + n.Subject, "the account at " + n.Subject + " was disconnected, and logs in to your account no more",
			newPassword,
		}
	case "data_exported":
		return told{
			"A copy of your data was made", "a copy of what is kept of you in your account was made",
			"somebody may have it: " + newPassword,
		}
	case "key_made":
		return told{
			"An API key was made", "an API key of your account was made: programs that have it can act for you, within its scopes",
			"end it in your account, and choose a new password, which ends all other logins",
		}
	}
	return told{"Your account was changed", "something in your account was changed (" + n.What + ")", newPassword}
}

// tellLogin puts a notice about logins into words.
func tellLogin(n core.Notice) told {
	if n.What == "session_reused" {
		return told{
			"A login was ended",
			"a login of your account was ended, since somebody may have a copy of it: what it is renewed with was used a second time",
			"look whether your devices are all in your hands, then " + newPassword,
		}
	}
	if n.What == "new_device" {
		return told{
			"A login in a new browser",
			"somebody has logged in to your account, in a browser in which you had not done so for a year", newPassword,
		}
	}
	if n.What == "device_login" {
		return told{
			"A device was logged in",
			"a program or a device without a browser was logged in to your account, as somebody has approved it in a login " +
				"of yours",
			"end it in your account, and choose a new password, which ends all other logins. Approve no code that somebody " +
				"sends you",
		}
	}
	return told{
		"Many wrong passwords",
		"so many wrong passwords were given for your account that none lets in any more, but in browsers in which you have " +
			"logged in before",
		"somebody is guessing, and has not got in. Log in as always in a browser that you have used; elsewhere, " +
			"ask for a new password on the login page",
	}
}

// subjectOf names a factor by its method.
func subjectOf(method string) string {
	switch method {
	case core.MethodTOTP:
		return "an authenticator app"
	case core.MethodPasskey, core.MethodSecurityKey:
		return "a passkey"
	case core.MethodRecovery:
		return "recovery codes"
	case core.KindSecond:
		return "the rule that logins need a passkey beside the password"
	case core.KindTrusted:
		return "a trusted browser"
	case "": // what goes to who proves a mailbox
		return "whatever opened it beside the password"
	}
	return method
}

func left(n int) string {
	switch n {
	case 0:
		return "none is left. Make new ones in your account"
	case 1:
		return "one is left. Make new ones in your account"
	}
	return fmt.Sprintf("%d are left", n)
}
