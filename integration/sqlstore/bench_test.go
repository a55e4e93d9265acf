package sqlstore_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// The benchmarks come in pairs: what every request pays, and the same statement
// through database/sql alone.

const (
	sessionQuery = `SELECT id, user_id, backend, label, ip, epoch, proofs, created, last_seen, expires FROM latchkey_sessions
		WHERE digest = $1 AND expires > $2 AND NOT EXISTS (SELECT 1 FROM latchkey_floors
			WHERE latchkey_floors.user_id = latchkey_sessions.user_id AND latchkey_floors.epoch > latchkey_sessions.epoch)`
	userQuery = `SELECT id, email, email_key, hashed_password, is_active, is_superuser, is_verified, token_epoch, created_at, updated_at
		FROM latchkey_users WHERE id = $1`
)

func BenchmarkSessionFind(b *testing.B) {
	for _, name := range []string{"SQLite", "PostgreSQL"} {
		ctx, db := b.Context(), databases[name].new(b)
		store, _ := users[core.User](b, db, sqlstore.Options{})
		d, later := [32]byte{1}, time.Now().Add(time.Hour)
		session := core.Session{
			ID: "id", UserID: "ada", Backend: "web", Label: "Firefox", Expires: later, Created: later, LastSeen: later,
			Proofs: []core.Proof{{Method: "password", At: later}},
		}
		if err := store.Sessions().Create(ctx, d, session); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/sqlstore", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Sessions().Find(ctx, d); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/database-sql", func(b *testing.B) {
			var id, userID, backend, label, ip string
			var epoch, created, lastSeen, expires int64
			var proofs []byte
			b.ReportAllocs()
			for b.Loop() {
				err := db.DB.QueryRowContext(ctx, sessionQuery, d[:], time.Now().UnixMicro()).
					Scan(&id, &userID, &backend, &label, &ip, &epoch, &proofs, &created, &lastSeen, &expires)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUserFind(b *testing.B) {
	for _, name := range []string{"SQLite", "PostgreSQL"} {
		ctx, db := b.Context(), databases[name].new(b)
		_, us := users[core.User](b, db, sqlstore.Options{})
		u := ada()
		u.CreatedAt, u.UpdatedAt = time.Now(), time.Now()
		if err := us.Create(ctx, u); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/sqlstore", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := us.Find(ctx, core.ByID(u.ID)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/database-sql", func(b *testing.B) {
			var got core.User
			b.ReportAllocs()
			for b.Loop() {
				err := db.DB.QueryRowContext(ctx, userQuery, u.ID).Scan(&got.ID, &got.Email, &got.EmailKey,
					(*string)(&got.HashedPassword),
					&got.IsActive, &got.IsSuperuser, &got.IsVerified, &got.TokenEpoch, &got.CreatedAt, &got.UpdatedAt)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
