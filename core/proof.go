package core

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Proof says how and when a person proved who they are.
type Proof struct {
	Method string // "password", "oauth:google", "totp"
	// At is the zero time for a proof that was made elsewhere, as that of a
	// login which lets a device log in. Such a proof is never recent, and
	// does not count for what is sensitive; see MadeHere.
	At time.Time
}

// The methods of proofs that Latchkey defines. A login at a provider has
// MethodOAuth with the provider's name behind it.
const (
	MethodPassword = "password"
	MethodOAuth    = "oauth:"
	// MethodEmail is a link or a code that was mailed.
	MethodEmail    = "email"
	MethodTOTP     = "totp"
	MethodRecovery = "recovery"
	// MethodPasskey is a passkey whose authenticator verified the user, by
	// a PIN or a finger; MethodSecurityKey is one that showed presence
	// alone.
	MethodPasskey     = "passkey"
	MethodSecurityKey = "security-key"
	// MethodDevice is a device that a person has let log in, in a login of
	// theirs elsewhere. It proves nothing beside the proofs of that one.
	MethodDevice = "device"
)

// ProofKind is what a proof rests on. Two proofs of one kind fall to the same
// attack, so together they are no stronger than one of them.
type ProofKind string

// The kinds of proofs. The empty one proves nothing by itself, as a step where
// a user accepts new terms.
const (
	// KindKnowledge is something that the user remembers.
	KindKnowledge ProofKind = "knowledge"
	// KindAccount is an account elsewhere: a mailbox, a provider.
	KindAccount ProofKind = "account"
	// KindThing is something that the user has.
	KindThing ProofKind = "thing"
)

// ProofKinds are the kinds of methods that Latchkey does not define. One that
// is not in it is a thing.
type ProofKinds map[string]ProofKind

// Strong reports whether proofs are of two kinds at least, or one of them is a
// passkey, which is a thing and what unlocks it (OWASP ASVS 5.0, 6.3.3).
func (k ProofKinds) Strong(done []Proof) bool {
	kinds := map[ProofKind]bool{}
	for _, p := range done {
		if p.Method == MethodPasskey {
			return true
		}
		kinds[k.of(p.Method)] = true
	}
	delete(kinds, "")
	return len(kinds) > 1
}

func (k ProofKinds) of(method string) ProofKind {
	switch {
	case method == MethodPassword:
		return KindKnowledge
	case method == MethodEmail, strings.HasPrefix(method, MethodOAuth):
		return KindAccount
	case method == MethodTOTP, method == MethodRecovery, method == MethodSecurityKey:
		return KindThing
	case method == MethodDevice:
		return ""
	}
	if kind, known := k[method]; known {
		return kind
	}
	return KindThing
}

// Strong is ProofKinds.Strong of the methods that Latchkey defines. A flow uses
// Services.Security.Strong, which includes those of the application's factors.
func Strong(done []Proof) bool { return ProofKinds(nil).Strong(done) }

// maxProofs bounds the proofs of a session, which its row or its JWT carries.
const maxProofs = 8

// AddProof returns done and p, without an earlier proof by p's method, and
// without the oldest ones beyond 8. It leaves done as it is.
func AddProof(done []Proof, p Proof) []Proof {
	all := slices.DeleteFunc(slices.Clone(done), func(d Proof) bool { return d.Method == p.Method })
	all = append(all, p)
	for len(all) > maxProofs {
		oldest := slices.MinFunc(all[:len(all)-1],
			func(a, b Proof) int { return a.At.Compare(b.At) })
		all = slices.DeleteFunc(all, func(d Proof) bool { return d.Method == oldest.Method })
	}
	return all
}

// MadeHere returns the proofs that have a time: those of this login, without
// the ones that were made in another one. It returns done itself where that is
// all of them.
func MadeHere(done []Proof) []Proof {
	elsewhere := func(p Proof) bool { return p.At.IsZero() }
	if !slices.ContainsFunc(done, elsewhere) {
		return done
	}
	return slices.DeleteFunc(slices.Clone(done), elsewhere)
}

// latest is Session.Proved.
func latest(done []Proof, methods []string) time.Time {
	var at time.Time
	for _, p := range done {
		if p.At.After(at) && (len(methods) == 0 || slices.Contains(methods, p.Method)) {
			at = p.At
		}
	}
	return at
}

// RequireProof returns nil if ok, else the 403 PROOF_REQUIRED that names what
// would do: a proof by one of methods (any if there are none) that is not older
// than age (0: of any age). It is a 403, unlike RFC 9470's 401, on which
// clients throw the session away.
func RequireProof(ok bool, age time.Duration, methods []string) error {
	if ok {
		return nil
	}
	seconds := (age + time.Second - 1) / time.Second
	return &Error{
		Code: CodeProofRequired, Status: http.StatusForbidden,
		Members: map[string]any{"methods": append([]string{}, methods...), "max_age": int64(seconds)},
	}
}
