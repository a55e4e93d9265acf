package gormstore

import "github.com/latchkey-go/latchkey/stores/sqlstore"

// Types of the users' id column, as sqlstore describes them.
const (
	UUID   = sqlstore.UUID
	Text   = sqlstore.Text
	BigInt = sqlstore.BigInt
)
