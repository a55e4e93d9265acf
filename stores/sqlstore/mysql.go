package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// mysql is MySQL 8 and MariaDB, with what both document.
//
// Its own transactions are READ COMMITTED: under InnoDB's default, plain reads
// go on seeing what was there when the transaction began, and locks on gaps
// between rows make inserts wait for each other. What must be right under the
// default too, for the application's own transactions, reads with newest.
//
// An UPDATE may count the rows that it changed, or those that it found, as the
// driver's clientFoundRows says. No statement here depends on which.
var mysql = dialect{
	quote:     "`",
	prepare:   true,
	endless:   true,
	isolation: sql.LevelReadCommitted,
	lock:      " FOR UPDATE",
	newest:    " LOCK IN SHARE MODE",
	raise:     " ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, ?), expires = ?",
	count:     onDuplicateKeyCount,
	batch:     1000,
	// A row under a lock of its own, of a limit that is over, so that Sweep
	// takes it away.
	mutex: "INSERT INTO {limits} (digest, events, ends) VALUES (UNHEX(SHA2(?, 256)), 0, 0) ON DUPLICATE KEY UPDATE ends = ends",
	stamp: func(table, _, column string) string {
		return "UPDATE " + table + " SET " + column + " = ? WHERE " + column + " IS NULL LIMIT ?"
	},
	sweep: func(table, _, ends, and string) string {
		return "DELETE FROM " + table + " WHERE " + ends + " <= ?" + and + " ORDER BY " + ends + " LIMIT ?"
	},
	// The binary collation of utf8mb4 ignores spaces at the end, so keys
	// are bytes.
	types: map[string]string{
		"bytes": "BLOB", "digest": "BINARY(32)", "key": "VARBINARY(512)", "text": "TEXT", "uuid": mysqlUUID, "timestamp": "DATETIME(6)",
	},
	// A TEXT has no other defaults than expressions.
	emptyText: "('')",
	ids:       map[IDType]string{UUID: mysqlUUID, Text: "VARBINARY(255)", BigInt: "BIGINT"},
	numbers:   "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
	owners: map[IDType]string{
		UUID: "CONVERT({sessions}.user_id USING ascii)", BigInt: "CAST({sessions}.user_id AS SIGNED)",
	},
	arrival:      "arrival",
	arrivals:     "BIGINT NOT NULL AUTO_INCREMENT UNIQUE",
	tableOptions: " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
	columns:      "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
	indexes:      "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ?",
	// Definitions end the transaction that they are in. The names of these
	// locks are the server's, not a database's, and short.
	session: &sessionLock{
		lock:   "SELECT GET_LOCK(SHA1(CONCAT(DATABASE(), '.', ?)), 10)",
		unlock: "SELECT RELEASE_LOCK(SHA1(CONCAT(DATABASE(), '.', ?)))",
	},
	settings:  mysqlSettings,
	clock:     "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)",
	timestamp: func(t time.Time) any { return t.UTC().Format("2006-01-02 15:04:05.999999") },
}

const mysqlUUID = "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin"

// mysqlSettings refuses settings under which values would be stored or read as
// others.
func mysqlSettings(ctx context.Context, c Conn) error {
	var mode, charset string
	var at any
	err := c.QueryRowContext(ctx,
		"SELECT @@SESSION.sql_mode, @@SESSION.character_set_client, CAST('2024-03-31 02:30:00' AS DATETIME(6))").
		Scan(&mode, &charset, &at)
	if err != nil {
		return wrap("read the connection's settings", err)
	}
	var errs []error
	if !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		errs = append(errs, errors.New("sqlstore: the connection's sql_mode must have STRICT_TRANS_TABLES: without it MySQL shortens values that are too long"))
	}
	if charset != "utf8mb4" {
		errs = append(errs, fmt.Errorf("sqlstore: the connection's character set must be utf8mb4, not %s", charset))
	}
	if at, ok := at.(time.Time); ok && !at.Equal(time.Date(2024, 3, 31, 2, 30, 0, 0, time.UTC)) {
		errs = append(errs, errors.New("sqlstore: the driver's loc must be UTC, its default: columns hold times in UTC"))
	}
	return errors.Join(errs...)
}
