// Package mongostore tests stores/mongostore: the conformance kit, migrations,
// the secrets in a dump, and hostile values. The tests run on FerretDB 1 in
// this process, with its SQLite backend, or on the replica set that
// LATCHKEY_TEST_MONGODB points at. It is a module of its own, so that
// FerretDB's old requirements do not choose the versions that everything else
// is tested with.
package mongostore
