package passkey

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/latchkey-go/latchkey/core"
)

// party is the relying party: it asks browsers, and judges what they return. It
// stores nothing.
type party struct {
	*webauthn.WebAuthn
	verification protocol.UserVerificationRequirement
	deviceBound  bool
}

// party returns that of an application at base.
func (o Options) party(base *url.URL) (party, error) {
	id := cmp.Or(o.RPID, base.Hostname())
	origins := []string{base.Scheme + "://" + base.Host}
	errs := []error{checkOrigin(origins[0], id)}
	for _, origin := range o.Origins {
		origins, errs = append(origins, origin), append(errs, checkOrigin(origin, id))
	}
	var opaque []string
	for _, origin := range o.AppOrigins {
		if _, err := parseOrigin(origin); err != nil {
			opaque = append(opaque, origin) // the library knows which there are
			continue
		}
		origins = append(origins, origin)
	}
	timeout := webauthn.TimeoutConfig{Timeout: o.Lifetime, TimeoutUVD: o.Lifetime}
	p := party{verification: protocol.UserVerificationRequirement(o.Verification), deviceBound: o.DeviceBound}
	var err error
	p.WebAuthn, err = webauthn.New(&webauthn.Config{
		RPID: id, RPDisplayName: cmp.Or(o.Name, id), RPOrigins: origins, RPOpaqueOrigins: opaque,
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
		// Clients may send more than was asked for (WebAuthn 3, section
		// 7.1, step 19).
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		errs = append(errs, fmt.Errorf("passkey: the RPID %q and its origins: %w", id, err))
	}
	return p, errors.Join(errs...)
}

// checkOrigin refuses an origin whose pages could not use passkeys of the RP
// ID.
func checkOrigin(origin, id string) error {
	u, err := parseOrigin(origin)
	if err != nil {
		return err
	}
	if host := u.Hostname(); host != id && !strings.HasSuffix(host, "."+id) {
		return fmt.Errorf("passkey: the origin %s is not below the RPID %s: set Options.RPID to a domain of both, "+
			"or list the origin in AppOrigins and in /.well-known/webauthn", origin, id)
	}
	return nil
}

func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || s != u.Scheme+"://"+u.Host ||
		strings.ToLower(s) != s {
		return nil, fmt.Errorf("passkey: %q must be an origin like https://app.example.com, in lower case and without a path", s)
	}
	return u, nil
}

// begin returns the options of an assertion: by any passkey for the zero owner,
// else by one of the owner's. What begin returns for a challenge is made anew
// when it is spent, so that nothing has to be kept of it.
func (p party) begin(
	o owner, challenge []byte, verify protocol.UserVerificationRequirement,
) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	with := []webauthn.LoginOption{webauthn.WithChallenge(challenge), webauthn.WithUserVerification(verify)}
	if o.id == "" {
		return p.BeginDiscoverableLogin(with...)
	}
	return p.BeginLogin(o, with...)
}

// judge returns the record after an assertion by the owner's passkey r. found
// says that the passkey has named the owner, so that it must do so by its user
// handle. It is pure. Its errors are errCloned, errSynced, and the refusal.
func (p party) judge(
	o owner, r record, found bool, challenge []byte, verify protocol.UserVerificationRequirement,
	a *protocol.ParsedCredentialAssertionData,
) (record, error) {
	// Authenticators change their mind about BE, and the library refuses
	// that: Apple's do once a passkey has been synced.
	flags := a.Response.AuthenticatorData.Flags
	asserted := r
	asserted.Synced = flags.HasBackupEligible()
	o.keys = []webauthn.Credential{asserted.library()}
	asker := o
	if found {
		asker = owner{}
	}
	_, session, err := p.begin(asker, challenge, verify)
	if err != nil {
		return r, err
	}
	if found {
		_, err = p.ValidateDiscoverableLogin(
			func([]byte, []byte) (webauthn.User, error) { return o, nil }, *session, a)
	} else {
		_, err = p.ValidateLogin(o, *session, a)
	}
	if err != nil {
		return r, refused(err)
	}
	if p.deviceBound && asserted.Synced {
		r.Synced = true // it is no way in any more
		return r, errSynced
	}
	count := a.Response.AuthenticatorData.Counter
	if !r.Synced && !rises(r.Count, count) {
		return r, errCloned
	}
	asserted.Count, asserted.BackedUp = count, flags.HasBackupState()
	asserted.Verified = r.Verified || flags.UserVerified()
	return asserted, nil
}

// rises reports whether a signature counter is as it should be: always zero, or
// greater each time (WebAuthn 3, section 7.2, step 22).
func rises(before, now uint32) bool { return now > before || now == 0 && before == 0 }

// What a right signature may not be enough for.
var (
	errCloned = errors.New("passkey: the counter does not rise")
	errSynced = errors.New("passkey: it is synced between devices")
)

// refused is the refusal of what the library refuses. Its text says more, for
// logs at most: it repeats what the client sent.
func refused(cause error) error {
	e := core.Refuse(core.CodePasskeyRefused)
	e.Cause = cause
	return e
}

// offer returns the options of a registration, and what judges its answer.
func (p party) offer(o owner, challenge []byte) (*protocol.CredentialCreation, *webauthn.SessionData, error) {
	return p.BeginRegistration(o,
		func(c *protocol.PublicKeyCredentialCreationOptions) error {
			c.Challenge = challenge
			return nil
		},
		webauthn.WithExclusions(o.descriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: p.verification}),
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired),
		webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithExtensions(webauthn.WithExtensionCredProps()))
}

// accept returns the record of a passkey that was made for the owner.
func (p party) accept(o owner, challenge []byte, c *protocol.ParsedCredentialCreationData) (record, error) {
	_, session, err := p.offer(o, challenge)
	if err != nil {
		return record{}, err
	}
	// Some clients send a statement that nobody asked for. Nothing is
	// concluded from it, so it is not looked at: neither its certificates,
	// whose roots change, nor its TPM (WebAuthn 3, section 8.7).
	object := &c.Response.AttestationObject
	object.Format, object.AttStatement, object.SubStatements = string(protocol.AttestationFormatNone), nil, nil
	made, err := p.CreateCredential(o, *session, c)
	switch {
	case err != nil:
		return record{}, refused(err)
	case p.deviceBound && made.Flags.BackupEligible:
		return record{}, errSynced
	case len(made.ID) > maxID || len(made.PublicKey) > maxPublicKey:
		return record{}, refused(errors.New("passkey: the credential ID or the public key is too long"))
	}
	if _, err := webauthncose.ParsePublicKey(made.PublicKey); err != nil {
		return record{}, refused(err)
	}
	r := record{
		ID: made.ID, PublicKey: made.PublicKey, Count: made.Authenticator.SignCount, Verified: made.Flags.UserVerified,
		Synced: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, Model: made.Authenticator.AAGUID,
		Hidden: made.Extensions.RK != nil && !*made.Extensions.RK,
	}
	for _, t := range made.Transport {
		if len(r.Transports) < maxTransports && len(t) <= 32 {
			r.Transports = append(r.Transports, string(t))
		}
	}
	return r, nil
}
