package openapi

import (
	"cmp"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// sentence is what an example of a detail says about it; "" for what is not
// known here.
func (b *builder) sentence(detail string) string {
	if s := b.o.Codes[detail]; s != "" {
		return s
	}
	return cmp.Or(sentences()[detail], ofAdministration()[detail], ofKeys()[detail], ofDevices()[detail])
}

// ofAdministration are about the codes of administrators' routes.
func ofAdministration() map[string]string {
	return map[string]string{
		core.CodeAdminSelf:            "Administrators do not do this to themselves.",
		core.CodeImpersonationRefused: "Nobody acts as themselves, as a superuser, or as a blocked user.",
		core.CodeNotImpersonating:     "The caller acts for themselves.",
	}
}

// ofKeys are about the codes of API keys.
func ofKeys() map[string]string {
	return map[string]string{
		core.CodeAPIKeyLimit:   "The user has as many API keys as there may be.",
		core.CodeAPIKeyRotated: "The API key has been replaced already.",
	}
}

// ofDevices are about the codes of devices that log in.
func ofDevices() map[string]string {
	return map[string]string{
		core.CodeDevicePending:  "Nobody has decided about the device yet.",
		core.CodeDeviceSlowDown: "The device polls too often: it must wait 5 seconds longer from now on.",
		core.CodeDeviceExpired:  "The device's codes have expired.",
		core.CodeDeviceDenied:   "The device was refused, or its user may not log in any more.",
		core.CodeDeviceBadCode:  "The code is unknown, was used, or is another login's to decide about.",
	}
}

// sentences are about core's codes, and about the plain phrases of statuses.
func sentences() map[string]string {
	return map[string]string{
		http.StatusText(http.StatusBadRequest):   "The request cannot be understood.",
		http.StatusText(http.StatusUnauthorized): "No credential, or one that is not valid (any more).",
		http.StatusText(http.StatusForbidden):    "The caller is known, and may not do this.",
		http.StatusText(http.StatusNotFound):     "There is none, or none that the caller may see.",

		core.CodeLoginBadCredentials:   "Unknown address, wrong password, or inactive user.",
		core.CodeLoginUserNotVerified:  "The application requires a verified address.",
		core.CodeLoginUserSuspended:    "Proved, and an administrator has suspended the user.",
		core.CodeLoginFactorRequired:   "One of the factors must follow; pending continues the login.",
		core.CodeLoginEnrolment:        "The user must get one of these factors first; pending continues the login.",
		core.CodeMailLoginBadCode:      "Wrong, used or expired link or code, or not where the mail was asked for.",
		core.CodeProofRequired:         "The login lacks a recent proof by one of the methods (none: any).",
		core.CodeFactorBadCode:         "The code is wrong, was used, or is of a factor that the user does not have.",
		core.CodeFactorLocked:          "Too many wrong codes: another factor unlocks this one.",
		core.CodeFactorExists:          "The user has this factor, or somebody has this passkey.",
		core.CodeFactorExpired:         "The enrolment is unknown, superseded or too old.",
		core.CodeFactorUnverified:      "The user's address is not verified.",
		core.CodeFactorRequired:        "The user must have a second factor, and this is the last one.",
		core.CodeNoFactor:              "The user has no second factor.",
		core.CodeLastLoginMethod:       "The user could no longer log in.",
		core.CodePasskeyUnknown:        "Nobody has registered the passkey, or it was removed.",
		core.CodePasskeyBadChallenge:   "The options have expired, were used, or belong to something else.",
		core.CodePasskeyRefused:        "The passkey proves nothing here, or is another user's.",
		core.CodePasskeyTooMany:        "The user has as many passkeys as there may be.",
		core.CodeRegisterUserExists:    "The address is registered, perhaps in another spelling.",
		core.CodeRegisterNameExists:    "The user name is registered, perhaps in another spelling.",
		core.CodeRegisterPassword:      "The policy refuses the password.",
		core.CodeRegisterConflict:      "A value that must be unique is another user's.",
		core.CodeResetBadToken:         "Unknown, used, expired or superseded token, or the account has changed.",
		core.CodeResetPassword:         "The policy refuses the password; the token stays usable.",
		core.CodeVerifyBadToken:        "Unknown, expired or superseded token, or the address has changed.",
		core.CodeVerifyAlreadyVerified: "The address is verified already.",
		core.CodeUpdateEmailExists:     "Another user has the address.",
		core.CodeEmailChangeBadToken:   "Unknown, used, expired or superseded token, or the account has changed.",
		core.CodeLeavingBadToken:       "Unknown, used, expired or superseded token, or the account is not being deleted.",
		core.CodeUpdateNameExists:      "Another user has the user name.",
		core.CodeUpdateConflict:        "A value that must be unique is another user's.",
		core.CodeUpdateBadCurrent:      "The current password is wrong.",
		core.CodeUpdatePassword:        "The policy refuses the password.",
		core.CodeDeleteConflict:        "Rows of the application refer to the user.",
		core.CodeLastSuperuser:         "This is the last active superuser.",
		core.CodeDuplicateCredentials:  "Two Authorization lines, or two cookies of the session's name.",
		core.CodeCrossOriginRefused:    "A browser sent the cookie from another origin.",
		core.CodeInsufficientScope:     "The credential has scopes, and none that this operation takes.",
		core.CodeBodyTooLarge:          "The body is over 64 KiB.",
		core.CodeUnsupportedMediaType:  "The body has another type, charset or content coding.",
		core.CodeRateLimited:           "Too many attempts.",
		core.CodeCaptchaRequired:       "Too many attempts: the next one needs the answer to a riddle.",
		core.CodeServiceUnavailable:    "A store cannot be reached, or too many passwords are being hashed.",
		core.CodeOAuthStateUndecodable: "The state is missing, or not one of ours.",
		core.CodeOAuthStateExpired:     "The person took too long at the provider.",
		core.CodeOAuthInvalidState:     "The state or code is another browser's, or was used before.",
		core.CodeOAuthDeclined:         "The provider sent an error that no standard lists.",
		core.CodeOAuthProviderError:    "The provider is down, slow, or sends an invalid response.",
		core.CodeOAuthNoEmail:          "The provider returns no address, and a new user needs one.",
		core.CodeOAuthUserExists:       "The address is a user's who has not linked this account.",
		core.CodeOAuthAlreadyLinked:    "The account is linked to another user.",
		core.CodeOAuthLastLoginMethod:  "The user could no longer log in.",
	}
}

// detail is an error's detail as clients get it: a code, or an object for codes
// that say more.
func detail(code string) any {
	object := func(members ...any) map[string]any {
		o := map[string]any{"code": code}
		for i := 0; i < len(members); i += 2 {
			o[members[i].(string)] = members[i+1]
		}
		return o
	}
	switch code {
	case core.CodeRegisterPassword, core.CodeResetPassword, core.CodeUpdatePassword:
		return object("reason", "Password should have at least 8 characters")
	case core.CodeLoginUserSuspended:
		return object("reason", "Spam")
	case core.CodeLoginFactorRequired:
		return object("factors", []string{"totp"}, "pending", "c2VjcmV0")
	case core.CodeLoginEnrolment:
		return object("enrol", []string{"totp"}, "pending", "c2VjcmV0")
	case core.CodeProofRequired:
		return object("methods", []string{"password"}, "max_age", 600)
	}
	return code
}
