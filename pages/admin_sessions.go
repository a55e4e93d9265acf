package pages

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// addTheirSessions asks for a user's logins.
func (v *visit) addTheirSessions(ctx context.Context, d *UserDetail) error {
	if !v.has("users:list_sessions") {
		return nil
	}
	answer, err := v.ask(ctx, question{route: "users:list_sessions", param: map[string]string{"id": d.ID}})
	if err != nil {
		return err
	}
	if e := refusal(answer); e != nil {
		return e
	}
	if d.Sessions, err = v.loginsOf(answer, v.userAt(d.ID, "/sessions/")); err != nil {
		return err
	}
	if len(d.Sessions) > 0 {
		d.EndSessions = v.form("sessions", v.userAt(d.ID, "/sessions"), "submit.end_all")
	}
	return nil
}

// adminEndSessions ends all logins of the user of the path, and adminEndSession
// one.
func (s *site) adminEndSessions(ctx context.Context, v *visit) (*core.Response, error) {
	return v.administer(ctx, question{route: "users:end_sessions"}, nil, "notice.their_sessions_ended")
}

func (s *site) adminEndSession(ctx context.Context, v *visit) (*core.Response, error) {
	q := question{route: "users:end_session", param: map[string]string{
		"id": v.r.Param("id"), "session": v.r.Param("session"),
	}}
	return v.administer(ctx, q, nil, "notice.session_ended")
}

// adminReset has the user of the path set another password.
func (s *site) adminReset(ctx context.Context, v *visit) (*core.Response, error) {
	return v.administer(ctx, question{route: "users:reset_password"}, nil, "notice.reset_forced")
}
