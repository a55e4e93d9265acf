package redisstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unique"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/marks"
)

// A session is stored as one string: a head of fixed width, which scripts read
// and write in place, and a body, which never changes.
//
//	 0  the version, "a", "b" or "c"
//	 1  Epoch      20 digits
//	21  LastSeen   20 digits
//	41  Expires    20 digits
//	61  the body, at whose end "b" and "c" have the marks (see package
//	    marks), which may be "" in "c" alone
//
// "c" has the session's rotation before the body: three digests of 32 bytes,
// and when it was made, 20 digits. Only Rotate writes it. What has marks and no
// rotation is written as "b", and everything else as "a", which earlier
// releases read.
//
// Numbers in the head are decimal and of one width, so that a script can
// compare them as text: Lua's own numbers lose digits beyond 2^53.
//
// Every version has this head, so that scripts of an older release can revoke
// sessions of a newer one. A value with such a head and another version is from
// a later release, and is never deleted for that reason. Any other value that
// does not decode is not a session of any release (S24).
const (
	version   = "a"
	marked    = "b"
	rotating  = "c"
	digits    = 20
	headWidth = len(version) + 3*digits
	// rotationWidth is that of an encoded rotation.
	rotationWidth = 3*32 + digits
	// maxStored is the maximum length in bytes of a stored session or
	// ticket: a long value delays everybody else's commands.
	maxStored = 64 << 10
)

var (
	errTooLong    = errors.New("it is longer than 64 KiB")
	errLater      = errors.New("a later release stored it")
	errUnreadable = errors.New("it cannot be read")
)

// decimal returns n as 20 digits that sort like the numbers.
func decimal(n int64) string { return fmt.Sprintf("%0*d", digits, uint64(n)^(1<<63)) }

// micros returns a time as it is stored, with a precision that every clock of
// core has: microseconds since 1970 UTC.
func micros(t time.Time) string { return decimal(t.UnixMicro()) }

// millis returns a time as the scores of an index have it.
func millis(t time.Time) string { return number(t.UnixMilli()) }

func number(n int64) string { return strconv.FormatInt(n, 10) }

// left returns how long a key must stay, in milliseconds: at least 1, as Redis
// accepts no less.
func left(now, expires time.Time) int64 { return max(1, expires.Sub(now).Milliseconds()+1) }

func encode(one core.Session) (string, error) {
	ip, err := one.IP.MarshalBinary()
	if err != nil {
		return "", err
	}
	text, err := marks.Of(&one)
	if err != nil {
		return "", err
	}
	as := version
	if text != "" {
		as = marked
	}
	b := []byte(as + decimal(one.Epoch) + micros(one.LastSeen) + micros(one.Expires))
	for _, field := range []string{one.Label, one.ID, one.UserID, one.Backend, string(ip)} {
		b = appendText(b, field)
	}
	b = binary.AppendVarint(b, one.Created.UnixMicro())
	b = binary.AppendVarint(b, int64(len(one.Proofs)))
	for _, p := range one.Proofs {
		b = binary.AppendVarint(appendText(b, p.Method), p.At.UnixMicro())
	}
	if text != "" {
		b = appendText(b, text)
	}
	if len(b) > maxStored {
		return "", errTooLong
	}
	return string(b), nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendVarint(b, int64(len(s))), s...)
}

// decode fills in a session with strings that keep nothing of raw in memory,
// except for the label, which the cache replaces with the copy shared by all
// sessions of the same browser. As many sessions are kept, ID, UserID and
// Backend share one string that contains nothing else.
//
// The error is errLater or errUnreadable.
func decode(raw string, one *core.Session) error {
	if len(raw) < headWidth {
		return errUnreadable
	}
	head := reader{rest: raw[len(version):headWidth]}
	one.Epoch, one.LastSeen, one.Expires = head.decimal(), head.micros(), head.micros()
	if head.broken {
		return errUnreadable
	}
	as := raw[:len(version)]
	body := reader{rest: raw[headWidth:]}
	switch as {
	case version, marked:
	case rotating:
		if _, err := decodeRotation(body.take(rotationWidth)); err != nil {
			return errUnreadable
		}
	default:
		return errLater
	}
	one.Label = body.text()
	begin := body.rest
	_, _, _ = body.text(), body.text(), body.text()
	names := reader{rest: strings.Clone(begin[:len(begin)-len(body.rest)])}
	one.ID, one.UserID, one.Backend = names.text(), names.text(), names.text()
	one.IP = body.ip()
	one.Created = body.time()
	if n := body.count(); n > 0 {
		one.Proofs = make([]core.Proof, n)
		for i := range one.Proofs {
			one.Proofs[i] = core.Proof{Method: unique.Make(body.text()).Value(), At: body.time()}
		}
	}
	text := ""
	if as != version {
		text = body.text()
	}
	if body.broken || body.rest != "" || as == marked && text == "" {
		return errUnreadable
	}
	switch err := marks.Add(one, text); {
	case errors.Is(err, marks.ErrLater):
		return errLater
	case err != nil:
		return errUnreadable
	}
	return nil
}

// reader takes values off the front of a text. After the first one that is
// missing, all are zero.
type reader struct {
	rest   string
	broken bool
}

func (r *reader) take(n int64) string {
	if n < 0 || n > int64(len(r.rest)) {
		r.broken, r.rest = true, ""
		return ""
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) decimal() int64 {
	n, err := strconv.ParseUint(r.take(digits), 10, 64)
	r.broken = r.broken || err != nil
	return int64(n ^ (1 << 63))
}

func (r *reader) micros() time.Time { return time.UnixMicro(r.decimal()).UTC() }

func (r *reader) number() int64 {
	n, width := binary.Varint([]byte(r.rest[:min(len(r.rest), binary.MaxVarintLen64)]))
	if width <= 0 {
		width = -1
	}
	r.take(int64(width))
	return n
}

// count returns how many things of at least one byte each follow.
func (r *reader) count() int64 {
	n := r.number()
	if n < 0 || n > int64(len(r.rest)) {
		r.broken, n = true, 0
	}
	return n
}

func (r *reader) text() string { return r.take(r.number()) }

func (r *reader) time() time.Time { return time.UnixMicro(r.number()).UTC() }

func (r *reader) ip() (ip netip.Addr) {
	if ip.UnmarshalBinary([]byte(r.text())) != nil {
		r.broken = true
	}
	return ip
}
