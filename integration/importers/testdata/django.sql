CREATE TABLE auth_user (
	id {id},
	password varchar(128) NOT NULL,
	last_login {time},
	is_superuser {bool} NOT NULL,
	username varchar(150) NOT NULL UNIQUE,
	first_name varchar(150) NOT NULL,
	last_name varchar(150) NOT NULL,
	email varchar(254) NOT NULL,
	is_staff {bool} NOT NULL,
	is_active {bool} NOT NULL,
	date_joined {time} NOT NULL
);

CREATE TABLE account_emailaddress (
	id {id},
	email varchar(254) NOT NULL,
	verified {bool} NOT NULL,
	{primary} {bool} NOT NULL,
	user_id bigint NOT NULL
);

CREATE TABLE socialaccount_socialaccount (
	id {id},
	provider varchar(200) NOT NULL,
	uid varchar(191) NOT NULL,
	last_login {time} NOT NULL,
	date_joined {time} NOT NULL,
	extra_data text NOT NULL,
	user_id bigint NOT NULL
);

CREATE TABLE socialaccount_socialtoken (
	id {id},
	token text NOT NULL,
	token_secret text NOT NULL,
	expires_at {time},
	account_id bigint NOT NULL,
	app_id bigint
);
