// Package proofs tests logins of several proofs: second factors, passkeys,
// logins by mail, step-ups and trusted browsers; and the changes of an account
// that want them: of the address, and its deletion.
//
//   - The attack cases of proofs, by their ids in docs/attack-cases.md: each on
//     every adapter, in memory and on every SQL database, and with sessions in
//     Redis, next to a twin that must succeed.
//   - Races: of many uses of one code at once one succeeds.
//   - The table of first factors, second factors, backends and forms, in which
//     each login works and none works without the factor.
//
// The files, by id:
//
//	app_codes_test.go  M01 M02 M04 M23 M24 M25 M26 M27 M29 M37
//	                   M63 M67
//	email_test.go      M80 M81 M82 R14
//	export_test.go     M86
//	later_test.go      M85
//	leaving_test.go    M80 M83
//	limit_test.go      Q08
//	mail_test.go       M02 M08 M11 M29 M30 M36 M50 M51 M52 M53
//	                   M55 M56 M92
//	notices_test.go    E06 M84
//	passkey_test.go    M13 M14 M15 M16 M17 M19 M35 M40 M41 M42
//	                   M43 M45 M46 M47 M60 M65
//	pending_test.go    M08 M32 M34 M38
//	race_test.go       M01 M07 M22 M41 M51 M66
//	recovery_test.go   M07 M20 M28
//	stepup_test.go     M10 M31 M60 M61 M62 M64 M80
//	table_test.go      M05
//	trusted_test.go    M70 M71 M72
//	undo_test.go       E07 M82
package proofs
