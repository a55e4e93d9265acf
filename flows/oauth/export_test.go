package oauth

import "net/url"

// Redirect is what begin asks of a query, where the origins may be redirected
// to, whatever New would say of them.
func Redirect(origins []string, query url.Values) (target, challenge string, err error) {
	return (&engine{Options: Options{RedirectOrigins: origins}}).redirect(query)
}
