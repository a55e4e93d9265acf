CREATE SCHEMA auth;

CREATE TABLE auth.users (
	instance_id uuid,
	id uuid NOT NULL PRIMARY KEY,
	aud varchar(255),
	role varchar(255),
	email varchar(255),
	encrypted_password varchar(255),
	email_confirmed_at timestamptz,
	invited_at timestamptz,
	confirmation_token varchar(255),
	confirmation_sent_at timestamptz,
	recovery_token varchar(255),
	recovery_sent_at timestamptz,
	email_change_token_new varchar(255),
	email_change varchar(255),
	email_change_sent_at timestamptz,
	last_sign_in_at timestamptz,
	raw_app_meta_data jsonb,
	raw_user_meta_data jsonb,
	is_super_admin boolean,
	created_at timestamptz,
	updated_at timestamptz,
	phone text DEFAULT NULL UNIQUE,
	phone_confirmed_at timestamptz,
	phone_change text DEFAULT '',
	phone_change_token varchar(255) DEFAULT '',
	phone_change_sent_at timestamptz,
	confirmed_at timestamptz GENERATED ALWAYS AS (LEAST(email_confirmed_at, phone_confirmed_at)) STORED,
	email_change_token_current varchar(255) DEFAULT '',
	email_change_confirm_status smallint DEFAULT 0,
	banned_until timestamptz,
	reauthentication_token varchar(255) DEFAULT '',
	reauthentication_sent_at timestamptz,
	is_sso_user boolean NOT NULL DEFAULT false,
	deleted_at timestamptz,
	is_anonymous boolean NOT NULL DEFAULT false
);

CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE is_sso_user = false;

CREATE TABLE auth.identities (
	provider_id text NOT NULL,
	user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
	identity_data jsonb NOT NULL,
	provider text NOT NULL,
	last_sign_in_at timestamptz,
	created_at timestamptz,
	updated_at timestamptz,
	email text GENERATED ALWAYS AS (lower(identity_data ->> 'email')) STORED,
	id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
	UNIQUE (provider_id, provider)
);

CREATE TYPE auth.factor_type AS ENUM ('totp', 'webauthn', 'phone');
CREATE TYPE auth.factor_status AS ENUM ('unverified', 'verified');

CREATE TABLE auth.mfa_factors (
	id uuid NOT NULL PRIMARY KEY,
	user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
	friendly_name text,
	factor_type auth.factor_type NOT NULL,
	status auth.factor_status NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	secret text
);
