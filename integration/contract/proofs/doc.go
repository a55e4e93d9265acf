// Package proofs tests logins of several proofs: second factors, passkeys,
// logins by mail and step-ups.
//
//   - The attack cases of proofs, by their ids in docs/attack-cases.md: each on
//     every adapter, in memory and on every SQL database, and with sessions in
//     Redis, next to a twin that must succeed.
//   - Races: of many uses of one code at once one succeeds.
//   - The table of first factors, second factors, backends and forms, in which
//     each login works and none works without the factor.
//
// The files, by id:
package proofs
