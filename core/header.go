package core

// BearerToken gives the token of the request's one Authorization line of the Bearer scheme (RFC 6750).
func BearerToken(h Head) (string, error) { return "", ErrNoCredential }

// CookieValue gives the value of the one cookie of that exact name.
func CookieValue(h Head, name string) (string, error) { return "", ErrNoCredential }
