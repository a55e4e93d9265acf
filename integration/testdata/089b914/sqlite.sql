-- deleted-id 39cdb368-ddcc-4129-8e53-4a78714d6a32
-- deleted-jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbXIiOlsicGFzc3dvcmQiXSwiYXVkIjoibGF0Y2hrZXk6YXV0aCIsImF1dGhfdGltZSI6MTc5MzUzNDQwMCwiYmFja2VuZCI6ImFwaSIsImVwb2NoIjowLCJleHAiOjE3OTM1MzgwMDAsImlhdCI6MTc5MzUzNDQwMCwianRpIjoiOExUbVZzRkJRODE1U3RkV0phN2N6ZyIsInByb3ZlZF9hdCI6WzE3OTM1MzQ0MDBdLCJzdWIiOiIzOWNkYjM2OC1kZGNjLTQxMjktOGU1My00YTc4NzE0ZDZhMzIifQ.3ITh8lW2xPT_m0b3menuomFCb2Ni377kvnjqcBtXiqQ
-- deleted-session dNpWoOg-DxrRiwv-5QRQZo3bZCEHMamWVbFvM1Csw8U
-- ended-jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbXIiOlsicGFzc3dvcmQiXSwiYXVkIjoibGF0Y2hrZXk6YXV0aCIsImF1dGhfdGltZSI6MTc5MzUzNDQwMCwiYmFja2VuZCI6ImFwaSIsImVwb2NoIjowLCJleHAiOjE3OTM1MzgwMDAsImlhdCI6MTc5MzUzNDQwMCwianRpIjoiZXczbnRXSVBSWkFhNHJTaUFuS0hudyIsInByb3ZlZF9hdCI6WzE3OTM1MzQ0MDBdLCJzdWIiOiI2MDNjNmI2My00OGVlLTQ3Y2QtYWI4Yy05ZjA3MTU1YjVkZTQifQ.ILBUxDEv49tB4PqRPJvEDGX7UlOJdZNO7_gimdCSGSw
-- ended-session me6wZPtWqOOAVm8B2Rv7QxUFzwl-J9Td1WygL5fBcuk
-- jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbXIiOlsicGFzc3dvcmQiXSwiYXVkIjoibGF0Y2hrZXk6YXV0aCIsImF1dGhfdGltZSI6MTc5MzUzNDQwMCwiYmFja2VuZCI6ImFwaSIsImVwb2NoIjowLCJleHAiOjE3OTM1MzgwMDAsImlhdCI6MTc5MzUzNDQwMCwianRpIjoiLWhzSkNrcW0wcnZnWWR2U0RMOUt1USIsInByb3ZlZF9hdCI6WzE3OTM1MzQ0MDBdLCJzdWIiOiJiYTljZWZmMS02NjdkLTQxZWQtOTgwMi0yZjc0NTI5NWU5ZDYifQ.k1tT6pA08iLWCPfn5yM5uq8sKAJ__IgrSnLJL17W3P4
-- reset RjJhKb4WCQZn_5_pWa-DZuyo9fc8WQ4e0aCRhpSNehI
-- session AzkB7cjs40PKHilm7zKKw99dBYwp0gA2IzeJ-8yoBao
CREATE TABLE "latchkey_users" ( "id" CHAR(36) NOT NULL PRIMARY KEY, "email" TEXT NOT NULL, "email_key" TEXT, "hashed_password" TEXT NOT NULL, "is_active" BOOLEAN NOT NULL, "is_superuser" BOOLEAN NOT NULL, "is_verified" BOOLEAN NOT NULL, "token_epoch" BIGINT NOT NULL DEFAULT 0, "created_at" TIMESTAMP, "updated_at" TIMESTAMP, "full_name" VARCHAR DEFAULT '' NOT NULL );
CREATE UNIQUE INDEX "latchkey_users_email_key" ON "latchkey_users" (email_key);
CREATE TABLE "latchkey_sessions" ( "digest" BLOB NOT NULL PRIMARY KEY, "id" TEXT NOT NULL, "user_id" TEXT NOT NULL, "backend" TEXT NOT NULL, "label" TEXT NOT NULL, "ip" TEXT NOT NULL, "epoch" BIGINT NOT NULL, "proofs" TEXT NOT NULL, "created" BIGINT NOT NULL, "last_seen" BIGINT NOT NULL, "expires" BIGINT NOT NULL );
CREATE INDEX "latchkey_sessions_user" ON "latchkey_sessions" (user_id);
CREATE INDEX "latchkey_sessions_expires" ON "latchkey_sessions" (expires);
CREATE TABLE "latchkey_floors" ( "user_id" TEXT NOT NULL PRIMARY KEY, "epoch" BIGINT NOT NULL );
CREATE TABLE "latchkey_tickets" ( "purpose" TEXT NOT NULL, "digest" BLOB NOT NULL, "user_id" TEXT NOT NULL, "email" TEXT NOT NULL, "epoch" BIGINT NOT NULL, "data" BLOB, "expires" BIGINT NOT NULL, "used" SMALLINT NOT NULL, "failures" INTEGER NOT NULL, PRIMARY KEY (purpose, digest) );
CREATE INDEX "latchkey_tickets_user" ON "latchkey_tickets" (user_id);
CREATE INDEX "latchkey_tickets_expires" ON "latchkey_tickets" (expires);
CREATE TABLE "latchkey_limits" ( "digest" BLOB NOT NULL PRIMARY KEY, "events" INTEGER NOT NULL, "ends" BIGINT NOT NULL );
CREATE INDEX "latchkey_limits_ends" ON "latchkey_limits" (ends);
CREATE TABLE "latchkey_oauth_accounts" ( "id" CHAR(36) NOT NULL PRIMARY KEY, "user_id" CHAR(36) NOT NULL, "oauth_name" TEXT NOT NULL, "account_id" TEXT NOT NULL, "account_email" TEXT NOT NULL, "access_token" TEXT NOT NULL, "refresh_token" TEXT, "expires_at" BIGINT );
CREATE UNIQUE INDEX "latchkey_oauth_accounts_subject" ON "latchkey_oauth_accounts" (oauth_name, account_id);
CREATE INDEX "latchkey_oauth_accounts_user" ON "latchkey_oauth_accounts" (user_id);
INSERT INTO "latchkey_floors" ("user_id", "epoch") VALUES ('39cdb368-ddcc-4129-8e53-4a78714d6a32', 9223372036854775807);
INSERT INTO "latchkey_floors" ("user_id", "epoch") VALUES ('603c6b63-48ee-47cd-ab8c-9f07155b5de4', 1);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'4B7601EABBD591B7384D08732CB239598683D96212E8D10A6F7C3242FD837770', 5, 1793534700000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'73A41132F31B677D2BFCE637A114A6814DD61C873A6D0948A885D0425BA75244', 1, 1793538000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'7A6CA20297DAA4A7A49E518597DDE7557B22B26E7DB27423D2DED7A7FAC33501', 3, 1793538000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'9ECC1BFB94777DAB6CBC276C7419C35B9303991D6ACA10D038D618AB30A924CC', 1, 1793535000000000);
INSERT INTO "latchkey_limits" ("digest", "events", "ends") VALUES (X'A91B6C8A01E6BEB621429F3D987329B5DC2B47DA2588F3C3C58816B10A29D015', 13, 1793534460000000);
INSERT INTO "latchkey_oauth_accounts" ("id", "user_id", "oauth_name", "account_id", "account_email", "access_token", "refresh_token", "expires_at") VALUES ('751ba78a-bd05-48c5-b774-8195cfb2d7a9', '603c6b63-48ee-47cd-ab8c-9f07155b5de4', 'acme', '4711', 'grace@example.org', '', NULL, NULL);
INSERT INTO "latchkey_sessions" ("digest", "id", "user_id", "backend", "label", "ip", "epoch", "proofs", "created", "last_seen", "expires") VALUES (X'643D5BBF04FDB778C7C72FDB269BD0AEA0C9EB2D12498D8D6547C084FF691015', '643d5bbf04fdb778c7c72fdb269bd0aea0c9eb2d12498d8d6547c084ff691015', '603c6b63-48ee-47cd-ab8c-9f07155b5de4', 'web', '', '192.0.2.1', 1, '[{"method":"password","at":1793534400000000}]', 1793534400000000, 1793534400000000, 1794139200000000);
INSERT INTO "latchkey_sessions" ("digest", "id", "user_id", "backend", "label", "ip", "epoch", "proofs", "created", "last_seen", "expires") VALUES (X'D62727D45F07CE4998AF87B298E00CA344775ACB6E44A01F1BF18FA9BDC11BE4', 'd62727d45f07ce4998af87b298e00ca344775acb6e44a01f1bf18fa9bdc11be4', 'ba9ceff1-667d-41ed-9802-2f745295e9d6', 'web', '', '192.0.2.1', 0, '[{"method":"password","at":1793534400000000}]', 1793534400000000, 1793534400000000, 1794139200000000);
INSERT INTO "latchkey_tickets" ("purpose", "digest", "user_id", "email", "epoch", "data", "expires", "used", "failures") VALUES ('reset', X'0FFF0FB7D2F7B413B166F38816B6DEB3E146686D4727100AAE0C9B98CB97784B', 'ba9ceff1-667d-41ed-9802-2f745295e9d6', 'ada@example.org', 0, NULL, 1793538000000000, 0, 0);
INSERT INTO "latchkey_users" ("id", "email", "email_key", "hashed_password", "is_active", "is_superuser", "is_verified", "token_epoch", "created_at", "updated_at", "full_name") VALUES ('603c6b63-48ee-47cd-ab8c-9f07155b5de4', 'grace@example.org', 'grace@example.org', '$argon2id$v=19$m=19456,t=2,p=1$DeafGNhJyJwLwxq1Wy5Icg$l0X+h79caeZ3OPMJkChO/mhaYyFu0FX7fKKOJvK2LnA', 1, 1, 1, 1, '2026-11-01 12:00:00+00:00', '2026-11-01 12:00:00+00:00', 'O''Brien \ 日本');
INSERT INTO "latchkey_users" ("id", "email", "email_key", "hashed_password", "is_active", "is_superuser", "is_verified", "token_epoch", "created_at", "updated_at", "full_name") VALUES ('ba9ceff1-667d-41ed-9802-2f745295e9d6', 'Ada@example.org', 'ada@example.org', '$argon2id$v=19$m=19456,t=2,p=1$kSFrZpEtAdx9h0Ke9Fd01A$iwcsDj+H/2tGYK+0wXRisf13Fxw0f2kOKuScWMd/nk0', 1, 0, 0, 0, '2026-11-01 12:00:00+00:00', '2026-11-01 12:00:00+00:00', 'O''Brien \ 日本');
