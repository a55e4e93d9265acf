package core

import "net/http"

// CodeStatus returns the status of an error with one of this package's codes,
// and 0 for any other code. CodeOAuthProviderError is also sent with 504, where
// the provider did not answer in time.
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
		CodeCaptchaRequired:
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
