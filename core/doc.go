// Package core holds Latchkey's vocabulary and its contracts: what a user, a
// session and a token are, and the small interfaces that the parts of an
// application satisfy.
//
// Most applications import latchkey and the parts they pick. Import core to
// write a part of your own; nothing else of Latchkey is needed for it. It uses
// the standard library only and does no I/O.
//
// # Contracts
//
// A part is one of these. The obligations of most are the cases of a
// conformance kit, named in parentheses, which also runs against parts of
// yours:
//
//   - stores: [UserStore], [SessionStore], [TicketStore], [CredentialStore],
//     [OAuthAccountStore], [AuditStore] and [Limiter] (stores/storetest)
//   - a [Strategy] issues, verifies and revokes tokens
//     (strategies/strategytest)
//   - a [Transport] carries them (transports/transporttest)
//   - a [Flow] is something that a person does; it works with [Services]
//   - a [Provider] is a service that people log in with
//     (providers/providertest)
//   - a [Hasher] hashes passwords, a [PasswordPolicy] judges new ones
//   - a [Sender] delivers mail
//   - a [Captcha] checks the answer to a riddle
//   - an adapter mounts a [Group] in a framework's router and asks the
//     [FrontDoor] for guards (adapters/adaptertest)
//
// # Optional interfaces
//
// A part says what else it can do by implementing further interfaces. Each is
// looked for in the value that the application passes, and nothing has to be
// registered.
//
// A [UserStore] with transactions should implement [Transactor] and [Locker];
// one without should implement [IDMaker], which logins at providers need. Every
// UserStore should implement [EpochStore], for routes that load no user. One
// whose users log in at another program too implements [RawPasswords]; one that
// can keep the names of users must implement [NameKeeper].
//
// A [SessionStore] should implement [SessionLister] and [SessionTrimmer], by
// which users see their logins and have no more than a number of them, and, if
// it forgets floors, [FloorKeeper]; if it keeps sessions in memory,
// [SessionCache]. It must implement [Rotator] to keep refresh tokens.
//
// A [CredentialStore] should implement [CredentialPager], by which keys of the
// vault are rotated.
//
// Every store whose rows expire should implement [Sweeper], unless its database
// deletes them. One with tables of its own should implement [Migrator], one on
// a server [Clock] and, of a UserStore, [Shared].
//
// A [Strategy] should implement [Rechecker]: without it a logout between the
// guard and the write is not noticed, and no route can have the guard
// [Streaming]. One that stores sessions should also implement [AllRevoker],
// [SessionLister] and [Sweeper]; one that signs tokens with private keys,
// [KeySet]; one that works in the background, [Waiter]. One whose tokens
// are not the answer to a login, such as API keys, must implement [Standing];
// one that issues a refresh token beside them, [Renewer]. One whose tokens may
// be the access tokens of a Renewer should implement [Lasting].
//
// A [Transport] whose token browsers send by themselves must implement
// [Ambient], and should implement [Holder], so that a login that waits for a
// second factor can go on after a redirect. It must implement [RefreshCarrier]
// to be used with a Renewer. One that has a WWW-Authenticate
// value for a 401 implements [Challenger], for a 403 that requires a new proof
// [ProofChallenger]. One that can be set up for plain http must implement
// [Unencrypted]. One that refuses other origins should implement [Located].
//
// A [Flow] that may refuse or edit what other flows are about to do implements
// [Decider]; one that writes in their transactions, [Witness]; one that hears
// of what they did, [Listener]. A flow that keeps something by which users log
// in must implement [Purger], should implement [Marker], and must implement
// [Way] if it needs no other flow for that. A
// second factor must implement [Factor], and may implement [Offerer],
// [Enroller], [LastResort], [Kinder] and, if failed attempts lock it,
// [Unlocker]; a flow that spares logins their factors, [Waiver]. One that keeps
// credentials should implement [Keeper], so that their owner sees them; one
// that seals them, [Rekeyer]; one that reads services outside its routes,
// [Binder]. One that keeps anything else of users should implement [Exporter],
// so that they get a copy of it. A flow by which people log in at a provider
// should implement [Offering] and [OAuthArrivals]; one that keeps the accounts
// there, [OAuthAccountKeeper], and if it also keeps their tokens
// [OAuthTokenSealer].
// One that mails links should implement [Linked], and [UndoLinked] for links
// that undo, so that pages can be at their end.
//
// A [Provider] whose access tokens can be renewed should implement
// [TokenRefresher]; one whose tokens can be revoked, [TokenRevoker]; one that
// has a name and a color for login pages, [Branded]. One whose constructor
// returns no error must implement [FaultyProvider] if its configuration can be
// wrong.
//
// A [Hasher] should implement [HashChecker], so that an import reports hashes
// that can never verify.
//
// An adapter's [Head] should implement [PathValuer], for guards that read the
// path's parameters, and [Targeter], for those that send a browser to a login
// page and back.
//
// Any part may implement [Examiner], by which an operator learns of settings
// that are unusual or unsafe.
//
// A decorator, such as a cache around a store, must implement [Unwrapper], so
// that [As] finds what the inner part implements.
//
// # A strategy in its shortest form
//
//	type static struct{ token, userID string }
//
//	func (s static) Issue(
//		context.Context, core.Login,
//	) (core.Token, error) {
//		return core.Token{Raw: s.token}, nil
//	}
//
//	func (s static) Revoke(context.Context, *core.Session) error {
//		return nil
//	}
//
//	func (s static) Verify(
//		_ context.Context, token string,
//	) (core.Found, error) {
//		if token != s.token {
//			return core.Found{}, core.ErrNoCredential
//		}
//		session := core.Session{UserID: s.userID, Backend: "static"}
//		return core.Found{Session: &session}, nil
//	}
//
// Security notes. Secrets are 32 random bytes, of which only the SHA-256 is
// stored ([NewSecret], [Digest]). A store that cannot be reached returns an
// error that is none of this package's sentinels, and the front door responds
// with 503: never with 401, and never as to an anonymous request. The one
// decoder of JSON and the one parser of Authorization and Cookie lines are
// here, so that every framework decides alike.
package core
