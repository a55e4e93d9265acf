CREATE TABLE `latchkey_users` (
	`id` CHAR(36) NOT NULL PRIMARY KEY,
	`email` TEXT NOT NULL,
	`email_key` TEXT,
	`hashed_password` TEXT NOT NULL,
	`is_active` BOOLEAN NOT NULL,
	`is_superuser` BOOLEAN NOT NULL,
	`is_verified` BOOLEAN NOT NULL,
	`token_epoch` BIGINT NOT NULL DEFAULT 0,
	`created_at` TIMESTAMP,
	`updated_at` TIMESTAMP,
	`suspended_until` TIMESTAMP,
	`suspended_for` TEXT
);
CREATE UNIQUE INDEX `latchkey_users_email_key` ON `latchkey_users` (email_key);
CREATE INDEX `latchkey_users_created` ON `latchkey_users` (created_at, id);
CREATE INDEX `latchkey_users_superusers` ON `latchkey_users` (created_at, id) WHERE is_superuser = TRUE;
CREATE INDEX `latchkey_users_inactive` ON `latchkey_users` (created_at, id) WHERE is_active = FALSE;
CREATE INDEX `latchkey_users_unverified` ON `latchkey_users` (created_at, id) WHERE is_verified = FALSE;
CREATE INDEX `latchkey_users_suspended` ON `latchkey_users` (suspended_until) WHERE suspended_until IS NOT NULL;
CREATE TABLE `latchkey_sessions` (
	`digest` BLOB NOT NULL PRIMARY KEY,
	`id` TEXT NOT NULL,
	`user_id` TEXT NOT NULL,
	`backend` TEXT NOT NULL,
	`label` TEXT NOT NULL,
	`ip` TEXT NOT NULL,
	`epoch` BIGINT NOT NULL,
	`proofs` TEXT NOT NULL,
	`created` BIGINT NOT NULL,
	`last_seen` BIGINT NOT NULL,
	`expires` BIGINT NOT NULL,
	`marks` TEXT,
	`secret` BLOB,
	`replaced` BLOB,
	`sealed` BLOB,
	`rotated` BIGINT
);
CREATE INDEX `latchkey_sessions_newest` ON `latchkey_sessions` (user_id, created);
CREATE INDEX `latchkey_sessions_expires` ON `latchkey_sessions` (expires);
CREATE TABLE `latchkey_floors` (
	`user_id` TEXT NOT NULL PRIMARY KEY,
	`epoch` BIGINT NOT NULL,
	`expires` BIGINT
);
CREATE INDEX `latchkey_floors_expires` ON `latchkey_floors` (expires);
CREATE TABLE `latchkey_tickets` (
	`purpose` TEXT NOT NULL,
	`digest` BLOB NOT NULL,
	`user_id` TEXT NOT NULL,
	`email` TEXT NOT NULL,
	`epoch` BIGINT NOT NULL,
	`data` BLOB,
	`expires` BIGINT NOT NULL,
	`used` SMALLINT NOT NULL,
	`failures` INTEGER NOT NULL,
	PRIMARY KEY (purpose, digest)
);
CREATE INDEX `latchkey_tickets_user` ON `latchkey_tickets` (user_id);
CREATE INDEX `latchkey_tickets_expires` ON `latchkey_tickets` (expires);
CREATE TABLE `latchkey_limits` (
	`digest` BLOB NOT NULL PRIMARY KEY,
	`events` INTEGER NOT NULL,
	`ends` BIGINT NOT NULL,
	`events_2` INTEGER,
	`ends_2` BIGINT,
	`events_3` INTEGER,
	`ends_3` BIGINT,
	`events_4` INTEGER,
	`ends_4` BIGINT
);
CREATE INDEX `latchkey_limits_ends` ON `latchkey_limits` (ends);
CREATE TABLE `latchkey_oauth_accounts` (
	`id` CHAR(36) NOT NULL PRIMARY KEY,
	`user_id` CHAR(36) NOT NULL,
	`oauth_name` TEXT NOT NULL,
	`account_id` TEXT NOT NULL,
	`account_email` TEXT NOT NULL,
	`access_token` TEXT NOT NULL,
	`refresh_token` TEXT,
	`expires_at` BIGINT
);
CREATE UNIQUE INDEX `latchkey_oauth_accounts_subject` ON `latchkey_oauth_accounts` (oauth_name, account_id);
CREATE INDEX `latchkey_oauth_accounts_user` ON `latchkey_oauth_accounts` (user_id);
CREATE TABLE `latchkey_credentials` (
	`id` CHAR(36) NOT NULL PRIMARY KEY,
	`user_id` CHAR(36) NOT NULL,
	`kind` TEXT NOT NULL,
	`handle` TEXT NOT NULL,
	`label` TEXT NOT NULL,
	`data` BLOB,
	`created` BIGINT NOT NULL,
	`used` BIGINT,
	`expires` BIGINT
);
CREATE UNIQUE INDEX `latchkey_credentials_handle` ON `latchkey_credentials` (kind, handle);
CREATE INDEX `latchkey_credentials_user` ON `latchkey_credentials` (user_id);
CREATE INDEX `latchkey_credentials_expires` ON `latchkey_credentials` (expires);
CREATE TABLE `latchkey_audit` (
	`id` TEXT NOT NULL PRIMARY KEY,
	`at` BIGINT NOT NULL,
	`action` TEXT NOT NULL,
	`code` TEXT NOT NULL,
	`by_kind` TEXT NOT NULL,
	`by_user` TEXT NOT NULL,
	`by_session` TEXT NOT NULL,
	`by_actor` TEXT NOT NULL,
	`subject` TEXT NOT NULL,
	`target` TEXT NOT NULL,
	`route` TEXT NOT NULL,
	`backend` TEXT NOT NULL,
	`method` TEXT NOT NULL,
	`ip` TEXT NOT NULL,
	`label` TEXT NOT NULL,
	`fields` TEXT NOT NULL,
	`reason` TEXT NOT NULL
);
CREATE INDEX `latchkey_audit_subject` ON `latchkey_audit` (subject, id);
CREATE INDEX `latchkey_audit_action` ON `latchkey_audit` (action, id);
CREATE INDEX `latchkey_audit_by_user` ON `latchkey_audit` (by_user, id);
CREATE INDEX `latchkey_audit_by_actor` ON `latchkey_audit` (by_actor, id) WHERE by_actor <> '';
