// Package proofs tests logins of several proofs: second factors, passkeys,
// logins by mail, step-ups and trusted browsers; the changes of an account that
// want them: of the address, and its deletion; and what is kept of logins and
// done beside them: refresh tokens, API keys, administration, audit and limits.
//
//   - Their attack cases, by their ids in docs/attack-cases.md: each on every
//     adapter, in memory and on every SQL database, and with sessions in Redis,
//     next to a twin that must succeed.
//   - Races: of many uses of one code at once one succeeds.
//   - The table of first factors, second factors, backends and forms, in which
//     each login works and none works without the factor.
//
// The files, by id:
//
//	acting_test.go     I01 I02 I03 I04 I05
//	app_codes_test.go  M01 M02 M04 M23 M24 M25 M26 M27 M29 M37
//	                   M63 M67
//	audit_test.go      E01 E02 E03 E04
//	captcha_test.go    Q16
//	email_test.go      M80 M81 M82 R14
//	export_test.go     M86
//	grant_test.go      D01 D02 D03 D04 D05 D06 D07 D08 D11
//	key_ends_test.go   K03 K06 K15 K16
//	key_uses_test.go   K04 K07 K11 K17 K18
//	keys_test.go       K01 K02 K09 K10 K13 K14
//	later_test.go      D09 D10 I08 M85
//	leaving_test.go    M80 M83
//	limit_test.go      Q04 Q08
//	lists_test.go      I07
//	lockout_test.go    Q01 Q02 Q12 Q14
//	mail_test.go       M02 M08 M11 M29 M30 M36 M50 M51 M52 M53
//	                   M55 M56 M92
//	notices_test.go    E06 M84
//	passkey_test.go    M13 M14 M15 M16 M17 M19 M35 M40 M41 M42
//	                   M43 M45 M46 M47 M60 M65
//	pending_test.go    M08 M32 M34 M38
//	race_test.go       M01 M07 M22 M41 M51 M66
//	readers_test.go    E05
//	recovery_test.go   M07 M20 M28
//	refresh_test.go    T01 T02 T04 T05 T07 T08 T10 T11 T13 T15
//	                   T16 T17 T19
//	renewed_test.go    T21
//	stepup_test.go     M10 M31 M60 M61 M62 M64 M80
//	suspension_test.go I06
//	table_test.go      M05
//	trusted_test.go    M70 M71 M72
//	undo_test.go       E07 M82
package proofs
