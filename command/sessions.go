package command

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

func (t *tree[U, PU]) sessions() *cobra.Command {
	return group("sessions", "Show and end users' logins", t.sessionsList(), t.sessionsRevoke())
}

// shownID is how much of a session's ID a table has, and shortestID how much
// of it names a session.
const shownID, shortestID = 12, 8

func (t *tree[U, PU]) sessionsList() *cobra.Command {
	return leaf("list", []string{person[U]()}, "List a user's logins",
		"Tokens that no store keeps, such as JWTs, are not among them.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				living, err := c.people.Sessions(ctx, base[U, PU](u).ID)
				if err != nil {
					return unasked(err)
				}
				if c.json {
					for _, s := range living {
						if err := c.object(sessionObject(s)); err != nil {
							return err
						}
					}
					return nil
				}
				if len(living) == 0 {
					c.note("%s is not logged in.", called(u))
					return nil
				}
				rows := [][]string{{"ID", "BACKEND", "DEVICE", "IP", "BEGAN", "LAST SEEN", "EXPIRES"}}
				for _, s := range living {
					rows = append(rows, []string{s.ID[:min(len(s.ID), shownID)], s.Backend, shortened(s.Label),
						cmp.Or(address(s), "-"), moment(s.Created), moment(s.LastSeen), moment(s.Expires)})
				}
				return (&table{p: c.printer}).print(rows...)
			}))
}

// sessionObject is a session as an object.
func sessionObject(s *latchkey.Session) any {
	return struct {
		ID        string    `json:"id"`
		Backend   string    `json:"backend"`
		Label     string    `json:"label"`
		IP        string    `json:"ip"`
		CreatedAt time.Time `json:"created_at"`
		LastSeen  time.Time `json:"last_seen"`
		ExpiresAt time.Time `json:"expires_at"`
		Scopes    []string  `json:"scopes,omitempty"`
		Actor     string    `json:"actor,omitempty"`
	}{s.ID, s.Backend, s.Label, address(s), s.Created.UTC(), s.LastSeen.UTC(), s.Expires.UTC(), s.Scopes, s.Actor}
}

func address(s *latchkey.Session) string {
	if !s.IP.IsValid() {
		return ""
	}
	return s.IP.String()
}

// labelWidth is how much of a User-Agent is shown.
const labelWidth = 40

func shortened(label string) string {
	r := []rune(label)
	if len(r) <= labelWidth {
		return label
	}
	return string(r[:labelWidth-1]) + "…"
}

func (t *tree[U, PU]) sessionsRevoke() *cobra.Command {
	var all bool
	cmd := leaf("revoke", []string{person[U](), "[SESSION]"}, "End one login of a user, or all",
		"SESSION is an ID of sessions list, or how it begins. With --all, tokens that no store keeps end too.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				if all == (len(c.args) > 1) {
					return usage("name a session, or use --all")
				}
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				b := base[U, PU](u)
				if all {
					if err := c.people.EndSessions(ctx, b.ID); err != nil {
						return unasked(err)
					}
					return c.revoked(u, "", "is logged out everywhere")
				}
				id, err := c.session(ctx, u, c.args[1])
				if err != nil {
					return err
				}
				if err := c.people.EndSession(ctx, b.ID, id); err != nil {
					return unasked(err)
				}
				return c.revoked(u, id, "is logged out there")
			}))
	cmd.Flags().BoolVar(&all, "all", false, "end all logins")
	return cmd
}

// session returns the ID of the one session that begins so.
func (c *call[U]) session(ctx context.Context, u *U, begin string) (id string, err error) {
	living, err := c.people.Sessions(ctx, any(u).(core.AnyUser).Base().ID)
	if err != nil {
		return "", unasked(err)
	}
	for _, s := range living {
		if s.ID == begin {
			return begin, nil
		}
		if len(begin) < shortestID || !strings.HasPrefix(s.ID, begin) {
			continue
		}
		if id != "" {
			return "", usage("%s begins more than one session: give more of its ID", begin)
		}
		id = s.ID
	}
	if id == "" {
		return "", &failure{cause: core.ErrNotFound, text: called(u) + " has no session " + begin}
	}
	return id, nil
}

func (c *call[U]) revoked(u *U, session, what string) error {
	b := any(u).(core.AnyUser).Base()
	if c.json {
		return c.object(struct {
			ID      string `json:"id"`
			Email   string `json:"email"`
			Session string `json:"session,omitempty"`
			All     bool   `json:"all,omitempty"`
		}{b.ID, b.Email, session, session == ""})
	}
	return c.say("%s (%s) %s.", called(u), b.ID, what)
}
