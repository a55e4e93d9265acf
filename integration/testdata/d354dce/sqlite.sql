-- deleted-id 84fbe499-ecd8-4cfc-a97f-1836859fa616
-- deleted-jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbXIiOlsicGFzc3dvcmQiXSwiYXVkIjoibGF0Y2hrZXk6YXV0aCIsImF1dGhfdGltZSI6MTc5MzUzNDQwMCwiYmFja2VuZCI6ImFwaSIsImVwb2NoIjowLCJleHAiOjE3OTM1MzgwMDAsImlhdCI6MTc5MzUzNDQwMCwianRpIjoieURleXduVzFjMFBFNkpjN0VOTlRQZyIsInByb3ZlZF9hdCI6WzE3OTM1MzQ0MDBdLCJzdWIiOiI4NGZiZTQ5OS1lY2Q4LTRjZmMtYTk3Zi0xODM2ODU5ZmE2MTYifQ.HbmyE9PcpKxgWwQDsXkw29Qsqsj1hoL4qjbU6sh_cmI
-- deleted-session qhnGG_L1ZO0AQ_NRBYiF1SgTYjJMyQeRdN2WFoCC3mI
-- ended-jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbXIiOlsicGFzc3dvcmQiXSwiYXVkIjoibGF0Y2hrZXk6YXV0aCIsImF1dGhfdGltZSI6MTc5MzUzNDQwMCwiYmFja2VuZCI6ImFwaSIsImVwb2NoIjowLCJleHAiOjE3OTM1MzgwMDAsImlhdCI6MTc5MzUzNDQwMCwianRpIjoiZXRGenU1blU0VFlJWWxQSUU2VGRpZyIsInByb3ZlZF9hdCI6WzE3OTM1MzQ0MDBdLCJzdWIiOiI5ZjliMjhkMi04NTc5LTQzMjAtYmRiZC05OTdlYmZjM2YxMTQifQ.x1yvSx8RxHqwD3gcP0FA_Tbt3g5jSdwarw0BuIOV030
-- ended-session 7Ey9wJZBo74zr5dYIM-gOHAdxjUF3-c_LifAPxs-uK0
-- jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbXIiOlsicGFzc3dvcmQiXSwiYXVkIjoibGF0Y2hrZXk6YXV0aCIsImF1dGhfdGltZSI6MTc5MzUzNDQwMCwiYmFja2VuZCI6ImFwaSIsImVwb2NoIjowLCJleHAiOjE3OTM1MzgwMDAsImlhdCI6MTc5MzUzNDQwMCwianRpIjoiZUFfY3dVNzV6a01vVUVETTRfcnFiUSIsInByb3ZlZF9hdCI6WzE3OTM1MzQ0MDBdLCJzdWIiOiIwN2I0Y2FiMS02MzQwLTQxY2MtYTg1My00NDc0YWQ1NGQxOTUifQ.kGK82TP9SnuKQC_7WiT1QMybQTyoCEkPMhjeEPVZCOM
-- reset BmbHuoD759WlT244UoxOdwMktAGYjutKrh6YrYYyWoM
-- session 0gaR9H1I2-WNY2OdAyOWTC8BauUoKRt2psjMRGu9m5Y
CREATE TABLE "latchkey_users" ( "id" CHAR(36) NOT NULL PRIMARY KEY, "email" TEXT NOT NULL, "email_key" TEXT, "hashed_password" TEXT NOT NULL, "is_active" BOOLEAN NOT NULL, "is_superuser" BOOLEAN NOT NULL, "is_verified" BOOLEAN NOT NULL, "token_epoch" BIGINT NOT NULL DEFAULT 0, "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "full_name" VARCHAR DEFAULT '' NOT NULL );
CREATE UNIQUE INDEX "latchkey_users_email_key" ON "latchkey_users" (email_key);
CREATE TABLE "latchkey_sessions" ( "digest" BLOB NOT NULL PRIMARY KEY, "id" TEXT NOT NULL, "user_id" TEXT NOT NULL, "backend" TEXT NOT NULL, "label" TEXT NOT NULL, "ip" TEXT NOT NULL, "epoch" BIGINT NOT NULL, "proofs" TEXT NOT NULL, "created" BIGINT NOT NULL, "last_seen" BIGINT NOT NULL, "expires" BIGINT NOT NULL );
CREATE INDEX "latchkey_sessions_newest" ON "latchkey_sessions" (user_id, created);
CREATE INDEX "latchkey_sessions_expires" ON "latchkey_sessions" (expires);
CREATE TABLE "latchkey_floors" ( "user_id" TEXT NOT NULL PRIMARY KEY, "epoch" BIGINT NOT NULL, "expires" BIGINT );
CREATE INDEX "latchkey_floors_expires" ON "latchkey_floors" (expires);
CREATE TABLE "latchkey_tickets" ( "purpose" TEXT NOT NULL, "digest" BLOB NOT NULL, "user_id" TEXT NOT NULL, "email" TEXT NOT NULL, "epoch" BIGINT NOT NULL, "data" BLOB, "expires" BIGINT NOT NULL, "used" SMALLINT NOT NULL, "failures" INTEGER NOT NULL, PRIMARY KEY (purpose, digest) );
CREATE INDEX "latchkey_tickets_user" ON "latchkey_tickets" (user_id);
CREATE INDEX "latchkey_tickets_expires" ON "latchkey_tickets" (expires);
CREATE TABLE "latchkey_limits" ( "digest" BLOB NOT NULL PRIMARY KEY, "events" INTEGER NOT NULL, "ends" BIGINT NOT NULL );
CREATE INDEX "latchkey_limits_ends" ON "latchkey_limits" (ends);
CREATE TABLE "latchkey_oauth_accounts" ( "id" CHAR(36) NOT NULL PRIMARY KEY, "user_id" CHAR(36) NOT NULL, "oauth_name" TEXT NOT NULL, "account_id" TEXT NOT NULL, "account_email" TEXT NOT NULL, "access_token" TEXT NOT NULL, "refresh_token" TEXT, "expires_at" BIGINT );
CREATE UNIQUE INDEX "latchkey_oauth_accounts_subject" ON "latchkey_oauth_accounts" (oauth_name, account_id);
CREATE INDEX "latchkey_oauth_accounts_user" ON "latchkey_oauth_accounts" (user_id);
INSERT INTO "latchkey_floors" ("user_id", "epoch", "expires") VALUES ('84fbe499-ecd8-4cfc-a97f-1836859fa616', 9223372036854775807, 1796212800000000);
INSERT INTO "latchkey_floors" ("user_id", "epoch", "expires") VALUES ('9f9b28d2-8579-4320-bdbd-997ebfc3f114', 1, 1796212800000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'3A91E68CE7BF7D73B57959AB3F231A6B80EC871ADF80FA4B31B948237CB37639', 1, 1793538000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'43475292458A49C8D254EFC8FF7F4B0B8854491120BF4D8ACB4A758E6DAA3729', 1, 1793538000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'4B7601EABBD591B7384D08732CB239598683D96212E8D10A6F7C3242FD837770', 5, 1793534700000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'73A41132F31B677D2BFCE637A114A6814DD61C873A6D0948A885D0425BA75244', 1, 1793538000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'7A6CA20297DAA4A7A49E518597DDE7557B22B26E7DB27423D2DED7A7FAC33501', 3, 1793538000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'9ECC1BFB94777DAB6CBC276C7419C35B9303991D6ACA10D038D618AB30A924CC', 1, 1793535000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'A91B6C8A01E6BEB621429F3D987329B5DC2B47DA2588F3C3C58816B10A29D015', 13, 1793534460000000);
INSERT INTO "latchkey_oauth_accounts" ("id", "user_id", "oauth_name", "account_id", "account_email", "access_token", "refresh_token", "expires_at") VALUES ('e96ecb69-f995-4cbf-81aa-35dae430022b', '9f9b28d2-8579-4320-bdbd-997ebfc3f114', 'acme', '4711', 'grace@example.org', '', NULL, NULL);
INSERT INTO "latchkey_sessions" ("digest", "id", "user_id", "backend", "label", "ip", "epoch", "proofs", "created", "last_seen", "expires") VALUES (X'127873BFD3B0ABB5D9FE9DEAD09D88D215E5DF2991C693B3BD00F5F290947311', '127873bfd3b0abb5d9fe9dead09d88d215e5df2991c693b3bd00f5f290947311', '9f9b28d2-8579-4320-bdbd-997ebfc3f114', 'web', '', '192.0.2.1', 1, '[{"method":"password","at":1793534400000000}]', 1793534400000000, 1793534400000000, 1794139200000000);
INSERT INTO "latchkey_sessions" ("digest", "id", "user_id", "backend", "label", "ip", "epoch", "proofs", "created", "last_seen", "expires") VALUES (X'D0B089181A7A765BF657A164BD0E297E2FE42B4ABF85152D7A5C47A88246510B', 'd0b089181a7a765bf657a164bd0e297e2fe42b4abf85152d7a5c47a88246510b', '07b4cab1-6340-41cc-a853-4474ad54d195', 'web', '', '192.0.2.1', 0, '[{"method":"password","at":1793534400000000}]', 1793534400000000, 1793534400000000, 1794139200000000);
INSERT INTO "latchkey_tickets" ("purpose", "digest", "user_id", "email", "epoch", "data", "expires", "used", "failures") VALUES ('reset', X'27BA52135315F5D1FFDCB8CA7C93D8B6741F914CF493405FC7ECC5A1811090B1', '07b4cab1-6340-41cc-a853-4474ad54d195', 'ada@example.org', 0, NULL, 1793538000000000, 0, 0);
INSERT INTO "latchkey_users" ("id", "email", "email_key", "hashed_password", "is_active", "is_superuser", "is_verified", "token_epoch", "created_at", "updated_at", "full_name") VALUES ('07b4cab1-6340-41cc-a853-4474ad54d195', 'Ada@example.org', 'ada@example.org', '$argon2id$v=19$m=19456,t=2,p=1$kP7JG1t6CdoS98Lv/t2ZlQ$JItPTyUIVBVRUbqmmEdUIYwW1AlHZF1amuP6p5/tZNA', 1, 0, 0, 0, '2026-11-01 12:00:00+00:00', '2026-11-01 12:00:00+00:00', 'O''Brien \ 日本');
INSERT INTO "latchkey_users" ("id", "email", "email_key", "hashed_password", "is_active", "is_superuser", "is_verified", "token_epoch", "created_at", "updated_at", "full_name") VALUES ('9f9b28d2-8579-4320-bdbd-997ebfc3f114', 'grace@example.org', 'grace@example.org', '$argon2id$v=19$m=19456,t=2,p=1$avduAmoT+3g4o/7UshRwmw$KeY/CjgztdE3MyNXOB2cNYYXVJl+ndblOLMOXZpBTYo', 1, 1, 1, 1, '2026-11-01 12:00:00+00:00', '2026-11-01 12:00:00+00:00', 'O''Brien \ 日本');
