package core

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Record says what happened to an account, and who did it. It has the names of
// what changed and never the values, and nothing that somebody typed to log in.
type Record struct {
	// ID is of RecordIDs or NewRecordID. It begins with At: by the bytes of
	// their IDs records are in the order of time.
	ID string
	// At is in UTC and whole microseconds.
	At time.Time
	// Action is the kind of the event, 1 to 64 bytes of printable ASCII.
	Action EventKind
	// Code is that of a refusal, "" for a success.
	Code string
	By   Principal
	// Subject is the ID of the user whom it is about, "" for nobody and
	// for a failed login of an unknown identifier.
	Subject string
	// Target is the ID of what else it is about; see Event.
	Target string
	// Route is the name of the route, "" outside HTTP.
	Route string
	// Backend is that of the login that began, ended or acted.
	Backend string
	Method  string // of the proof: "password"
	Client  Client
	// Fields are the names of what changed, sorted.
	Fields []string
	// Reason is why, in the words of the one who acted; at most 1,000
	// bytes.
	Reason string
}

// Doer returns the ID of the user who acted: of the administrator where one
// acted as somebody else. It is "" where no user did.
func (r *Record) Doer() string { return cmp.Or(r.By.Actor, r.By.UserID) }

// Limits of a Record, in bytes.
const (
	recordActionMax = 64
	recordTextMax   = 255
	recordLabelMax  = 200
	recordReasonMax = 1000
	recordFieldsMax = 8 << 10
)

// Check returns an error that names the fields which break a limit, and never
// what they hold. Stores call it before they write, so that all refuse alike.
func (r *Record) Check() error {
	var errs []error
	refuse := func(broken bool, why string) {
		if broken {
			errs = append(errs, errors.New("latchkey: an audit record's "+why))
		}
	}
	year := r.At.UTC().Year()
	refuse(year < 1970 || year > 9999, "At is not within the years 1970 to 9999")
	refuse(len(r.ID) != 2*recordTimeLen || strings.Trim(r.ID, "0123456789abcdef") != "" ||
		!strings.HasPrefix(r.ID, recordTime(r.At)), "ID is not one of NewRecordID for its At")
	refuse(!isPrintable(string(r.Action), recordActionMax), "Action is not 1 to 64 bytes of printable ASCII")
	for name, text := range map[string]string{
		"Code": r.Code, "By.Kind": r.By.Kind, "By.UserID": r.By.UserID, "By.SessionID": r.By.SessionID, "By.Actor": r.By.Actor,
		"Subject": r.Subject, "Target": r.Target, "Route": r.Route, "Backend": r.Backend, "Method": r.Method,
	} {
		refuse(!isLine(text, recordTextMax), name+" is over 255 bytes, not UTF-8, or has a control character")
	}
	refuse(!isLine(r.Client.Label, recordLabelMax), "Client.Label is over 200 bytes, not UTF-8, or has a control character")
	refuse(!isLine(r.Reason, recordReasonMax), "Reason is over 1,000 bytes, not UTF-8, or has a control character")
	refuse(!isLine(strings.Join(r.Fields, ""), recordFieldsMax),
		"Fields are over 8 KiB, not UTF-8, or have a control character")
	return errors.Join(errs...)
}

// isLine reports whether text cannot be taken for more than one line of a log.
func isLine(text string, max int) bool {
	return len(text) <= max && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 })
}

// AuditStore keeps records. Its obligations are cases of stores/storetest.
//
// Nothing changes a record but Forget, and the deletion of a user takes none
// along.
type AuditStore interface {
	// Append stores r. Over the same database as the UserStore it joins the
	// transaction of ctx: the record is kept if and only if the change is.
	// ErrTaken if the ID exists; what breaks a limit of Record is an error
	// that is none of this package's.
	Append(ctx context.Context, r Record) error
	// List returns a page of the records that q describes, by ID. next is
	// the cursor of the following page, "" on the last. A cursor that the
	// store did not make, or made for another query, is ErrInvalid. From
	// page to page each record comes once.
	List(ctx context.Context, q AuditQuery) (records []Record, next string, err error)
	// Prune deletes the records before a time, and returns their number. It
	// goes in steps that hold no lock for long, so it is not for a
	// transaction.
	Prune(ctx context.Context, before time.Time) (deleted int, err error)
	// Forget blanks the Client of the records about a user, the Subject,
	// byte by byte: those that the user made and those that nobody made who
	// was logged in, but not those of others, who may be administrators.
	// It joins the transaction of ctx, as the user is deleted in it. It is
	// no error if there are none.
	Forget(ctx context.Context, userID string) error
}

// Forgets reports whether AuditStore.Forget of a user's ID blanks the record.
// Stores whose database does not filter can use it.
func (r *Record) Forgets(userID string) bool {
	return r.Subject == userID && r.By.Actor == "" && (r.By.UserID == userID || r.By.Kind == "nobody")
}

// AuditQuery is which records AuditStore.List returns. What is zero does not
// filter.
type AuditQuery struct {
	// User is the Subject, byte by byte.
	User string
	// By is the ID of the user who acted, byte by byte: see Record.Doer.
	By     string
	Action EventKind
	// From and To bound At; From is allowed itself, To is not. They are cut
	// to whole microseconds.
	From, To time.Time
	// Oldest begins with the oldest record, as who ships records elsewhere
	// does. Otherwise the newest is first.
	Oldest bool

	// Cursor is the next of the page before; "" for the first page. It
	// belongs to the rest of its query but Limit.
	Cursor string
	// Limit is how many records a page has at most. A store brings it
	// between 1 and 100.
	Limit int
}

// afterAll is greater than every ID.
const afterAll = "g"

// Between returns what the IDs of the page's records lie between, byte by byte,
// neither of the two being one of them. ErrInvalid if Next did not make the
// Cursor, or made it for another query: each List calls Between first.
func (q AuditQuery) Between() (after, before string, err error) {
	before = afterAll
	if !q.From.IsZero() {
		after = recordBound(q.From)
	}
	if !q.To.IsZero() {
		before = recordBound(q.To)
	}
	last, err := placeOf(q.Cursor, q.kind())
	switch {
	case err != nil:
		return "", "", err
	case last == "":
	case q.Oldest:
		after = max(after, last)
	default:
		before = min(before, last)
	}
	return after, before, nil
}

// recordBound is recordTime for any time: no record is before 1970.
func recordBound(at time.Time) string {
	if at.Year() < 1970 {
		return ""
	}
	return recordTime(at)
}

// kind is what distinguishes the query from those with cursors of their own.
func (q AuditQuery) kind() [32]byte {
	bound := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return recordBound(at)
	}
	return sha256.Sum256(fmt.Appendf(nil, "audit,%q,%q,%q,%s,%s,%t",
		q.User, q.By, q.Action, bound(q.From), bound(q.To), q.Oldest))
}

// Next returns the cursor of the page after this one, whose last record has
// this ID.
func (q AuditQuery) Next(last string) string { return cursorAt(q.kind(), last) }

// Matches reports whether a record between the query's bounds is one of its.
// Stores whose database does not filter can use it.
func (q AuditQuery) Matches(r *Record) bool {
	return (q.User == "" || q.User == r.Subject) && (q.By == "" || q.By == r.Doer()) &&
		(q.Action == "" || q.Action == r.Action)
}
