package audit

import (
	"context"
	"log/slog"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Sink hears of records after they were kept. The request waits for it, and it
// cannot fail the request.
type Sink interface {
	Record(ctx context.Context, r core.Record)
}

// Func is a function as a Sink.
type Func func(ctx context.Context, r core.Record)

// Record calls f.
func (f Func) Record(ctx context.Context, r core.Record) { f(ctx, r) }

// Slog writes records to a log, at the level Info, under the message "audit".
// What is empty is left out.
func Slog(log *slog.Logger) Sink {
	return Func(func(ctx context.Context, r core.Record) {
		attrs := []slog.Attr{slog.String("id", r.ID), slog.Time("at", r.At), slog.String("action", string(r.Action))}
		ip := ""
		if r.Client.IP.IsValid() {
			ip = r.Client.IP.String()
		}
		for _, a := range []struct{ name, value string }{
			{"code", r.Code}, {"by", r.By.Kind}, {"by_user", r.By.UserID}, {"by_session", r.By.SessionID},
			{"by_actor", r.By.Actor}, {"user", r.Subject}, {"target", r.Target}, {"route", r.Route}, {"backend", r.Backend},
			{"method", r.Method}, {"ip", ip}, {"label", r.Client.Label}, {"fields", strings.Join(r.Fields, ",")},
			{"reason", r.Reason},
		} {
			if a.value != "" {
				attrs = append(attrs, slog.String(a.name, a.value))
			}
		}
		log.LogAttrs(ctx, slog.LevelInfo, "audit", attrs...)
	})
}
