package importers_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/importers"
)

// Of "correct horse", with the cost that Supabase has.
const supabaseHash = "$2a$10$bbPr8rvGDlf6yOXO.5Xf3eGq5GcWPIyR9F2IZcPiFFt5wMHU87lXS"

// supabase is a project with one user of each kind.
func supabase(t *testing.T) *sql.DB {
	t.Helper()
	db := onPostgres.with(t, "supabase.sql")
	fill(t, db)
	return db
}

// fill adds users to a project's tables.
func fill(t *testing.T, db *sql.DB) {
	t.Helper()
	run(t, db, `INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, created_at, updated_at,
			raw_app_meta_data, raw_user_meta_data, confirmation_token, phone, banned_until, deleted_at, is_anonymous, is_sso_user)
		SELECT '00000000-0000-0000-0000-000000000000', ('4be2a5c1-0000-4000-8000-0000000000' || u.n)::uuid, 'authenticated', 'authenticated', u.email,
			u.hash, u.confirmed::timestamptz, '2023-05-01T10:00:00Z', now(), u.app::jsonb, u.own::jsonb, 'secret-token-' || u.n, u.phone, u.banned::timestamptz,
			u.deleted::timestamptz, u.anonymous, u.sso
		FROM (VALUES
			('01', 'ada@example.org', $1, '2023-05-01T10:05:00Z', '{"provider": "email", "providers": ["email"], "plan": "gold"}',
				'{"full_name": "Ada", "email_verified": true, "plan": "hijacked", "shoe": 38}', NULL, NULL, NULL, false, false),
			('02', 'bob@example.org', '', '2023-05-01T10:05:00Z', '{"provider": "google", "providers": ["google", "github"]}',
				'{"sub": "g-2", "iss": "https://accounts.google.com", "name": "Bob", "plan": "hijacked", "email": "bob@example.org", "provider_id": "g-2"}', '4915', NULL, NULL, false, false),
			('03', 'new@example.org', $1, NULL, NULL, NULL, NULL, NULL, NULL, false, false),
			('04', 'banned@example.org', $1, NULL, '{}', '{}', NULL, '2999-01-01', NULL, false, false),
			('05', 'pardoned@example.org', $1, NULL, '{}', '{}', NULL, '2020-01-01', NULL, false, false),
			('06', 'forever@example.org', $1, NULL, '{}', 'null', NULL, 'infinity', NULL, false, false),
			('07', NULL, $1, NULL, '{}', '{}', '4917', NULL, NULL, false, false),
			('08', NULL, NULL, NULL, '{}', '{}', NULL, NULL, NULL, true, false),
			('09', 'gone@example.org', $1, NULL, '{}', '{}', NULL, NULL, '2024-01-01', false, false),
			('10', 'ada@example.org', NULL, now()::text, '{"provider": "sso:21648a9d"}', '{}', NULL, NULL, NULL, false, true),
			('11', 'moved@example.org', '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=abc$salt$hash', NULL, '{}', '{}', NULL, NULL, NULL, false, false)
		) AS u (n, email, hash, confirmed, app, own, phone, banned, deleted, anonymous, sso)`, supabaseHash)
	run(t, db, `INSERT INTO auth.identities (provider_id, user_id, identity_data, provider)
		SELECT i.subject, ('4be2a5c1-0000-4000-8000-0000000000' || i.n)::uuid, '{"email": "x@example.org"}', i.provider
		FROM (VALUES ('4be2a5c1-0000-4000-8000-000000000001', '01', 'email'), ('g-2', '02', 'google'), ('7', '02', 'github'), ('4915', '02', 'phone'),
			('saml', '10', 'sso:21648a9d')) AS i (subject, n, provider)`)
	run(t, db, `INSERT INTO auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at, secret)
		SELECT gen_random_uuid(), ('4be2a5c1-0000-4000-8000-0000000000' || f.n)::uuid, 'totp', f.status::auth.factor_status, now(), now(), 'JBSWY3DP'
		FROM (VALUES ('01', 'verified'), ('01', 'verified'), ('03', 'unverified')) AS f (n, status)`)
}

func TestSupabase(t *testing.T) {
	t.Parallel()
	db := supabase(t)
	for name, d := range databases {
		t.Run("to "+name, func(t *testing.T) {
			t.Parallel()
			wantSupabase(t, db, d)
		})
	}
}

func wantSupabase(t *testing.T, db *sql.DB, d database) {
	t.Helper()
	a := newApp(t, d, "")
	report := a.run(importers.Supabase(db, importers.TableOptions{}), importers.Options{})
	a.wantReport(report, importers.Report{
		Imported: 6, Refused: 1, Skipped: 4, WithoutPassword: 1, Links: 2, Left: map[string]int{"second factor": 1},
		Unknown: map[string]int{"plan": 1, "shoe": 1, "name": 1, "phone": 1},
	})
	if report.Hashes["$fbscrypt$…"] != 1 {
		t.Errorf("%v", report.Hashes)
	}
	for key, reason := range map[string]string{
		"07": "without an e-mail address", "08": "anonymous", "09": "deleted", "10": "comes by single sign-on",
	} {
		if text := report.String(); !strings.Contains(text, "0000000000"+key+`": skipped: `+reason) {
			t.Errorf("record %s is not skipped as %q:\n%s", key, reason, text)
		}
	}
	a.wantLogin("ada@example.org", "correct horse")
	a.wantLogin("new@example.org", "correct horse")
	a.wantLogin("pardoned@example.org", "correct horse")
	for _, address := range []string{"banned@example.org", "forever@example.org"} {
		if status := a.login(address, "correct horse"); status != 400 || !a.user(address).SuspendedUntil.After(time.Now()) {
			t.Errorf("%s logs in: %d", address, status)
		}
	}
	ada := a.user("ada@example.org")
	if ada.ID != "4be2a5c1-0000-4000-8000-000000000001" || !ada.IsVerified ||
		ada.FullName != "Ada" || ada.Plan != "gold" ||
		!ada.CreatedAt.Equal(time.Date(2023, 5, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", ada)
	}
	if a.user("new@example.org").IsVerified {
		t.Error("an address that nobody has confirmed is verified")
	}
	a.linked("bob@example.org", "google/g-2", "github/7")
	a.linked("ada@example.org")
	if bob := a.user("bob@example.org"); bob.Plan != "" || bob.Name != "" {
		t.Errorf("what a user has written went into columns that they may not write: %+v", bob)
	}
}

// TestFormerSupabase: until November 2023 an identity's subject was its id, and
// factors, anonymous users and much else were not there.
func TestFormerSupabase(t *testing.T) {
	t.Parallel()
	db := supabase(t)
	run(t, db, "DROP TABLE auth.mfa_factors")
	run(t, db, "ALTER TABLE auth.identities DROP COLUMN id")
	run(t, db, "ALTER TABLE auth.identities RENAME COLUMN provider_id TO id")
	run(t, db, "ALTER TABLE auth.users DROP COLUMN is_anonymous, DROP COLUMN is_sso_user, DROP COLUMN deleted_at, DROP COLUMN banned_until")
	run(t, db, "DELETE FROM auth.users WHERE email IS NULL OR encrypted_password IS NULL")
	a := newApp(t, onSQLite, "")
	report := a.run(importers.Supabase(db, importers.TableOptions{}), importers.Options{})
	if report.Imported != 7 || report.Refused != 1 {
		t.Errorf("%s", report)
	}
	a.linked("bob@example.org", "google/g-2", "github/7")
	a.wantLogin("ada@example.org", "correct horse")
}
