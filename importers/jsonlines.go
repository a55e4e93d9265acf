package importers

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"strconv"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// maxLine is the longest line of JSON Lines that is read, in bytes.
const maxLine = 2 << 20

// jsonLines is a source of JSON Lines.
type jsonLines struct{ r io.ReadSeeker }

// JSONLines is a source of lines with a JSON object each, UTF-8, which may come
// from anywhere. Of the members, email alone is necessary; null is as if it
// were not there:
//
//	{"email": "ada@example.org",
//	 "id": "4be2…",                     the user's at the other system
//	 "hashed_password": "$2b$12$…",     none: the user has no password
//	 "is_active": true,                 by default true
//	 "is_superuser": false,
//	 "is_verified": true,               by default false
//	 "created_at": "2024-05-01T10:00:00Z",
//	 "suspended_until": "9999-12-31T23:59:59Z",
//	 "suspended_for": "spam",
//	 "oauth_accounts": [{"oauth_name": "google", "account_id": "1098…",
//	   "account_email": "ada@gmail.com", "access_token": "…",
//	   "refresh_token": "…", "expires_at": 1735689600}],
//	 "by_owner": {"bio": "…"},          see Record
//	 "full_name": "Ada Lovelace"}       everything else is Own
//
// (On one line.) The key of a record is the number of its line. A line of more
// than 2 MiB, and one that is not such an object, is a record with a fault.
// Where a date is expected, numbers are seconds since 1970, or from 10¹¹ on
// milliseconds. r is read from its beginning each time.
func JSONLines(r io.ReadSeeker) Source { return jsonLines{r} }

// Records implements Source.
func (s jsonLines) Records(ctx context.Context, after string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := s.each(ctx, after, yield); err != nil {
			yield(Record{}, err)
		}
	}
}

// each yields records until yield returns false.
func (s jsonLines) each(ctx context.Context, after string, yield func(Record, error) bool) error {
	skip, err := 0, error(nil)
	if after != "" {
		if skip, err = strconv.Atoi(after); err != nil || skip < 0 {
			return errors.New("JSON Lines: the key of a record is the number of its line")
		}
	}
	if _, err := s.r.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("JSON Lines: %w", err)
	}
	lines := bufio.NewReaderSize(s.r, 64<<10)
	for number := 1; ; number++ {
		line, end, err := readLine(lines)
		if err != nil || end {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if number <= skip || len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		rec := parseLine(line)
		rec.Key = strconv.Itoa(number)
		if !yield(rec, nil) {
			return nil
		}
	}
}

// readLine returns the next line; of one that is too long only the beginning,
// which is no JSON.
func readLine(r *bufio.Reader) (line []byte, end bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if room := maxLine + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return line, len(line) == 0, nil
		case err != nil:
			return nil, false, fmt.Errorf("JSON Lines: %w", err)
		default:
			return line, false, nil
		}
	}
}

func parseLine(line []byte) Record {
	if len(line) > maxLine {
		return Record{Fault: "the line has more than 2 MiB"}
	}
	in, err := core.ParseObject(line)
	if err != nil {
		return Record{Fault: "the line is not one JSON object of valid UTF-8, without NUL, whose members appear once"}
	}
	m := members{in: in}
	rec := Record{
		ID: m.text("id"), Email: m.text("email"), Hash: core.PasswordHash(m.text("hashed_password")),
		Active: m.flag("is_active", true), Superuser: m.flag("is_superuser", false), Verified: m.flag("is_verified", false),
		Created: m.date("created_at"), SuspendedUntil: m.date("suspended_until"), SuspendedFor: m.text("suspended_for"),
		Links: m.links("oauth_accounts"), ByOwner: m.object("by_owner"),
	}
	rec.Own, rec.Fault = in, m.fault
	return rec
}

// members takes members out of an object, and remembers the first fault.
type members struct {
	in    core.Object
	fault string
}

// take decodes a member into v; false if it is absent or null.
func (m *members) take(name string, v any) bool {
	raw, ok := m.in[name]
	delete(m.in, name)
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		m.wrong(name)
		return false
	}
	return true
}

func (m *members) wrong(name string) {
	if m.fault == "" {
		m.fault = fmt.Sprintf("its member %q is of the wrong type", name)
	}
}

// text takes a text, or a number as its digits.
func (m *members) text(name string) string {
	var number json.Number
	if raw := m.in[name]; len(raw) > 0 && raw[0] != '"' && m.take(name, &number) {
		return number.String()
	}
	var s string
	m.take(name, &s)
	return s
}

func (m *members) flag(name string, without bool) bool {
	b := without
	m.take(name, &b)
	return b
}

func (m *members) date(name string) time.Time {
	var v any
	if !m.take(name, &v) {
		return time.Time{}
	}
	t, err := moment(v)
	if err != nil {
		m.wrong(name)
	}
	return t
}

func (m *members) object(name string) (o core.Object) {
	m.take(name, &o)
	return o
}

func (m *members) links(name string) (all []Link) {
	var objects []core.Object
	m.take(name, &objects)
	for _, o := range objects {
		one := members{in: maps.Clone(o)}
		all = append(all, Link{
			Provider: one.text("oauth_name"), Subject: one.text("account_id"), Email: one.text("account_email"),
			Tokens: core.OAuthTokens{
				Access: one.text("access_token"), Refresh: one.text("refresh_token"), Expires: one.date("expires_at"),
			},
		})
		if one.fault != "" {
			m.wrong(name)
		}
	}
	return all
}
