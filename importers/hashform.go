package importers

import (
	"regexp"
	"strings"
)

// prefix is how the forms of hashes begin that name themselves: "$2b$",
// "$argon2id$", "pbkdf2_sha256$", "scrypt:". It is short, so that a report
// shows nothing of salt or hash.
var prefix = regexp.MustCompile(`^(\$[a-z0-9-]{1,16}\$|[a-z][a-z0-9_]{2,15}[$:])`)

// Forms without a name.
const (
	salted = "salt:key"
	other  = "without a name"
)

// hashForm names the form of a hash.
func hashForm(hash string) string {
	if form := prefix.FindString(hash); form != "" {
		return form + "…"
	}
	salt, key, ok := strings.Cut(hash, ":")
	if ok && strings.Trim(salt+key, "0123456789abcdef") == "" {
		return salted
	}
	return other
}

// remedy says what makes hashes of a form verify.
func remedy(form string) string {
	for _, known := range []struct{ begin, hasher string }{
		{"$argon2id$", "argon2id"},
		{"$2a$", "bcrypt"}, {"$2b$", "bcrypt"}, {"$2y$", "bcrypt"},
		{"$scrypt$", "scrypt"}, {"scrypt$", "scrypt"}, {"scrypt:", "scrypt"}, {salted, "scrypt"},
		{"$pbkdf2-sha256$", "pbkdf2"}, {"$pbkdf2-sha512$", "pbkdf2"}, {"pbkdf2_sha256$", "pbkdf2"},
		{"pbkdf2_sha512$", "pbkdf2"}, {"pbkdf2:", "pbkdf2"},
	} {
		if strings.HasPrefix(form, known.begin) {
			return "add " + known.hasher + ".New to Options.Hashers; or it is malformed, or costs too much to verify"
		}
	}
	return "no hasher of Latchkey verifies it; with DropHashes its user comes without a password, and resets it"
}
