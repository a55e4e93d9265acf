package importers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// WriteJSONLines writes the records of a source as JSONLines reads them, to be
// looked at, changed or kept: with hashes, and with tokens if the source reads
// them. Records with a Skip or a Fault have no line; left is called with each
// of them, unless it is nil.
func WriteJSONLines(ctx context.Context, w io.Writer, from Source, left func(Result)) error {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for rec, err := range from.Records(ctx, "") {
		if err != nil {
			return fmt.Errorf("importers: read the source: %w", err)
		}
		if rec.Skip != "" || rec.Fault != "" {
			if left != nil && rec.Skip != "" {
				left(Result{rec.Key, "", Skipped, rec.Skip})
			} else if left != nil {
				left(Result{rec.Key, "", Refused, rec.Fault})
			}
			continue
		}
		if err := lines.Encode(lineOf(rec)); err != nil {
			return fmt.Errorf("importers: write record %q: %w", rec.Key, err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("importers: write: %w", err)
	}
	return nil
}

// lineOf returns a record's members; Own does not replace those of ours.
func lineOf(rec Record) map[string]any {
	line := map[string]any{}
	for name, value := range maps.All(rec.Own) {
		line[name] = value
	}
	set := func(name string, value any, there bool) {
		delete(line, name)
		if there {
			line[name] = value
		}
	}
	date := func(name string, t time.Time) { set(name, t.UTC().Format(time.RFC3339Nano), !t.IsZero()) }
	set("email", rec.Email, true)
	set("id", rec.ID, rec.ID != "")
	set("hashed_password", string(rec.Hash), rec.Hash != "")
	set("is_active", rec.Active, true)
	set("is_superuser", rec.Superuser, true)
	set("is_verified", rec.Verified, true)
	date("created_at", rec.Created)
	date("suspended_until", rec.SuspendedUntil)
	set("suspended_for", rec.SuspendedFor, rec.SuspendedFor != "")
	set("oauth_accounts", accountsOf(rec.Links), len(rec.Links) > 0)
	set("by_owner", rec.ByOwner, len(rec.ByOwner) > 0)
	return line
}

func accountsOf(links []Link) (all []core.Object) {
	for _, l := range links {
		o := core.Object{}
		add := func(name string, value any, there bool) {
			if there {
				o[name], _ = json.Marshal(value) // texts and numbers
			}
		}
		add("oauth_name", l.Provider, true)
		add("account_id", l.Subject, true)
		add("account_email", l.Email, l.Email != "")
		add("access_token", l.Tokens.Access, l.Tokens.Access != "")
		add("refresh_token", l.Tokens.Refresh, l.Tokens.Refresh != "")
		add("expires_at", l.Tokens.Expires.Unix(), !l.Tokens.Expires.IsZero())
		all = append(all, o)
	}
	return all
}
