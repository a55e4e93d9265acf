CREATE TABLE accounts (
	id SERIAL PRIMARY KEY,
	"userId" integer NOT NULL,
	type varchar(255) NOT NULL,
	provider varchar(255) NOT NULL,
	"providerAccountId" varchar(255) NOT NULL,
	refresh_token text,
	access_token text,
	expires_at bigint,
	id_token text,
	scope text,
	session_state text,
	token_type text
);

CREATE TABLE users (
	id SERIAL PRIMARY KEY,
	name varchar(255),
	email varchar(255),
	"emailVerified" timestamptz,
	image text
);
