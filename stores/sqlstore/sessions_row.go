package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/marks"
)

// proof is a core.Proof as it is stored.
type proof struct {
	Method string `json:"method"`
	At     int64  `json:"at"`
}

// sessionValues are the arguments for sessionColumns.
func sessionValues(session core.Session) ([]any, error) {
	proofs := make([]proof, len(session.Proofs))
	for i, p := range session.Proofs {
		proofs[i] = proof{p.Method, micros(p.At)}
	}
	proved, err := json.Marshal(proofs)
	if err != nil {
		return nil, wrap("create a session", err)
	}
	text, err := marks.Of(&session)
	if err != nil {
		return nil, wrap("create a session", err)
	}
	ip := ""
	if session.IP.IsValid() {
		ip = session.IP.String()
	}
	return []any{
		session.ID, session.UserID, session.Backend, session.Label, ip, session.Epoch, string(proved),
		micros(session.Created), micros(session.LastSeen), micros(session.Expires),
		sql.NullString{String: text, Valid: text != ""},
	}, nil
}

// sessionRow is a row of sessionColumns, on its way to a core.Session.
type sessionRow struct {
	core.Session
	ip                         string
	proofs, marks              []byte
	created, lastSeen, expires int64
}

// dest returns destinations for sessionColumns, with room for a user's.
func (r *sessionRow) dest() []any {
	return append(make([]any, 0, 32),
		&r.ID, &r.UserID, &r.Backend, &r.Label, &r.ip, (*integer)(&r.Epoch), &r.proofs, (*integer)(&r.created),
		(*integer)(&r.lastSeen), (*integer)(&r.expires), &r.marks)
}

// errUnreadable is an error over a row that no release wrote like that.
var errUnreadable = errors.New("a session cannot be read")

// integer scans a number. SQLite keeps anything in any column.
type integer int64

// Scan is errUnreadable for anything else.
func (n *integer) Scan(value any) (err error) {
	switch v := value.(type) {
	case int64:
		*n = integer(v)
		return nil
	case []byte: // as MySQL's driver has it where it writes arguments into the text
		var number int64
		number, err = strconv.ParseInt(string(v), 10, 64)
		*n = integer(number)
	default:
		return errUnreadable
	}
	if err != nil {
		return errUnreadable
	}
	return nil
}

// oneProof reads what sessionValues writes of a login with one proof, as nearly
// all are: each request with a session reads it, and encoding/json takes longer
// than all other columns. It is false for any other text.
func oneProof(text string) (p core.Proof, ok bool) {
	rest, begins := strings.CutPrefix(text, `[{"method":"`)
	method, rest, goesOn := strings.Cut(rest, `","at":`)
	digits, ends := strings.CutSuffix(rest, `}]`)
	at, err := strconv.ParseInt(digits, 10, 64)
	if !begins || !goesOn || !ends || err != nil || strings.ContainsAny(method, "\"\\") {
		return core.Proof{}, false
	}
	return core.Proof{Method: method, At: fromMicros(at)}, true
}

// session is the row's, or errUnreadable.
func (r *sessionRow) session() (*core.Session, error) {
	if one, ok := oneProof(string(r.proofs)); ok {
		r.Proofs = []core.Proof{one}
	} else {
		var proofs []proof
		if err := json.Unmarshal(r.proofs, &proofs); err != nil {
			return nil, errUnreadable
		}
		for _, p := range proofs {
			r.Proofs = append(r.Proofs, core.Proof{Method: p.Method, At: fromMicros(p.At)})
		}
	}
	if r.ip != "" {
		ip, err := netip.ParseAddr(r.ip)
		if err != nil {
			return nil, errUnreadable
		}
		r.IP = ip
	}
	if err := marks.Add(&r.Session, string(r.marks)); errors.Is(err, marks.ErrLater) {
		return nil, wrap("find a session", err)
	} else if err != nil {
		return nil, errUnreadable
	}
	r.Created, r.LastSeen, r.Expires = fromMicros(r.created), fromMicros(r.lastSeen), fromMicros(r.expires)
	return &r.Session, nil
}
