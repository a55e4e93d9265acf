package core

import "net/http"

// CodeStatus returns the status of an error with one of this package's codes,
// and 0 for any other code. CodeOAuthProviderError is also sent with 504, where
// the provider did not answer in time, and CodeDeviceSlowDown with 429, where
// all devices of a network are too fast.
func CodeStatus(code string) int {
	switch code {
	case CodeLoginBadCredentials, CodeLoginUserNotVerified, CodeRegisterUserExists, CodeRegisterPassword,
		CodeRegisterConflict, CodeUpdateConflict, CodeMailLoginBadCode, CodeEmailChangeBadToken,
		CodeLeavingBadToken,
		CodeRegisterNameExists, CodeUpdateNameExists,
		CodeResetBadToken, CodeResetPassword, CodeVerifyBadToken, CodeVerifyAlreadyVerified,
		CodeUpdateEmailExists, CodeUpdatePassword, CodeUpdateBadCurrent, CodeDuplicateCredentials,
		CodeOAuthStateUndecodable, CodeOAuthStateExpired, CodeOAuthInvalidState, CodeOAuthDeclined, CodeOAuthNoEmail,
		CodeOAuthUserExists, CodeOAuthAlreadyLinked, CodeFactorBadCode, CodeFactorExpired,
		CodePasskeyUnknown, CodePasskeyBadChallenge, CodePasskeyRefused, CodeAPIKeyLimit, CodeLoginUserSuspended,
		CodeCaptchaRequired, CodeDevicePending, CodeDeviceSlowDown, CodeDeviceExpired, CodeDeviceDenied,
		CodeDeviceBadCode:
		return http.StatusBadRequest
	case CodeLoginFactorRequired, CodeLoginEnrolment, CodeProofRequired, CodeCrossOriginRefused,
		CodeInsufficientScope, CodeFactorLocked, CodeFactorUnverified, CodeImpersonationRefused:
		return http.StatusForbidden
	case CodeDeleteConflict, CodeLastSuperuser, CodeOAuthLastLoginMethod, CodeFactorExists, CodeFactorRequired,
		CodeNoFactor, CodeLastLoginMethod, CodePasskeyTooMany, CodeAPIKeyRotated, CodeAdminSelf,
		CodeNotImpersonating:
		return http.StatusConflict
	case CodeBodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeUnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case CodeRateLimited:
		return http.StatusTooManyRequests
	case CodeOAuthProviderError:
		return http.StatusBadGateway
	case CodeServiceUnavailable:
		return http.StatusServiceUnavailable
	}
	return 0
}

// OAuthError returns the word that OAuth 2.0 has for an error with one of this
// package's codes (RFC 6749, section 5.2; RFC 8628, section 3.5), and "" for a
// code without one. It stands beside the detail, as "error", where clients of
// OAuth look for it.
func OAuthError(code string) string {
	switch code {
	case CodeDevicePending:
		return "authorization_pending"
	case CodeDeviceSlowDown:
		return "slow_down"
	case CodeDeviceExpired:
		return "expired_token"
	case CodeDeviceDenied:
		return "access_denied"
	case CodeDeviceBadCode:
		return "invalid_grant"
	}
	return ""
}
