// Package attacks tests the cases of docs/attack-cases.md. The name of a case
// begins with its id. Every test has a legitimate twin that must succeed, so
// that refusing everything fails it. See harness.App.Want.
//
//	go test ./contract/attacks -run 'TestAttackJWT/.*/J10' -v
//
// The files, by id:
//
//	account_test.go       G01 G02 G04 G05 G10 G11 G13 G14 G16 G20
//	adapter_test.go       A02 A04 A05 A07 A10 Q07
//	bound_test.go         G23 R16
//	client_test.go        A11
//	dump_test.go          L04 S14
//	exchange_test.go      F01 O07 O51
//	fault_test.go         F01 F02 F14 F16 F22 F23 F25 L05 S02
//	former_test.go        S26
//	hash_test.go          G07 G08 G17 G19
//	json_test.go          P07
//	jwt_keys_test.go      J02 J04 J22 J26
//	jwt_purpose_test.go   J16 J25
//	jwt_test.go           J01 J04 J05 J07 J08 J10 J11 J13 J14 J16
//	                      J17 J19 J23 J25 J28
//	leak_test.go          L01 L02 L05 L07 L08 L10
//	limit_test.go         Q05 Q07 Q11
//	list_test.go          P16 P17
//	mail_test.go          F14 R05 R07 R08 R11 R13
//	naughty_test.go       P08
//	oauth_test.go         F01 O01 O02 O04 O05 O07 O08 O11 O13 O20
//	                      O22 O23 O25 O26 O28 O29 O31 O32 O34 O35
//	                      O37 O38 O40 O41 O43 O44 O50
//	openid_test.go        O10 O13 O14 O16 O17 O19 O22 O28 O29 O31
//	origin_test.go        C01 C02 C04 C05 C07 C08 C10 C11
//	parsing_test.go       P01 P02 P04 P05 P10 P11 P13 P14 P19 P20
//	race_test.go          F01 G01 G07 G20 R01 R02 R11 S04 S05
//	recheck_test.go       S23
//	redacted_test.go      L11
//	reset_test.go         R01 R02 R04 R10
//	return_test.go        O58
//	session_test.go       S01 S02 S04 S05 S07 S08 S10 S11 S13 S16
//	                      S17 S22
//	takeover_test.go      O37 O52 O53 O54 O55 O56
//
// document_test.go keeps this list and the document true; issuer_test.go is an
// OpenID provider that does what a test wants.
package attacks
