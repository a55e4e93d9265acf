package pbkdf2

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

const (
	maxIterations = 5_000_000 // seconds of a core
	minKeyLen     = 16
	aspNetKeyLen  = 32
	maxLen        = 64  // of salt and key, in bytes
	longest       = 512 // of a hash; far above what maxLen allows
)

var (
	errMalformed = errors.New("pbkdf2: malformed hash")
	errBounds    = errors.New("pbkdf2: more than 5,000,000 iterations, or none")
)

// floors are OWASP's.
var floors = map[Digest]int64{SHA256: 600_000, SHA512: 210_000}

var functions = map[Digest]func() hash.Hash{SHA256: sha256.New, SHA512: sha512.New}

var names = map[Digest]string{SHA256: "sha256", SHA512: "sha512"}

type params struct {
	digest     Digest
	iterations int64
}

// check returns errBounds for what Verify refuses.
func (p params) check(keyLen int) error {
	block := functions[p.digest]().Size()
	blocks := int64((keyLen + block - 1) / block)
	if p.iterations < 1 || p.iterations > maxIterations/blocks {
		return errBounds
	}
	return nil
}

// form is a way to write hashes.
type form int

const (
	phc form = iota
	passlib
	django
	werkzeug
	aspNet
)

type encoded struct {
	params
	form      form
	salt, key []byte
}

// formOf returns the form that a hash seems to have.
func formOf(text string) (e encoded, ok bool) {
	for digest, name := range names {
		e.digest = digest
		rest, found := strings.CutPrefix(text, "$pbkdf2-"+name+"$")
		switch {
		case found && strings.HasPrefix(rest, "i="):
			e.form = phc
		case found:
			e.form = passlib
		case strings.HasPrefix(text, "pbkdf2_"+name+"$"):
			e.form = django
		case strings.HasPrefix(text, "pbkdf2:"+name+":"):
			e.form = werkzeug
		case strings.HasPrefix(text, aspNetPrefixes[digest]):
			e.form = aspNet
		default:
			continue
		}
		return e, true
	}
	return e, false
}

// adapted is passlib's base64.
var adapted = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").WithPadding(base64.NoPadding)

// text writes a hash in its form. The salt of Django and Werkzeug is the text
// itself, which is what they hash.
func (e encoded) text() string {
	name, raw := names[e.digest], base64.RawStdEncoding
	switch e.form {
	case phc:
		return fmt.Sprintf("$pbkdf2-%s$i=%d,l=%d$%s$%s", name, e.iterations, len(e.key),
			raw.EncodeToString(e.salt), raw.EncodeToString(e.key))
	case passlib:
		return fmt.Sprintf("$pbkdf2-%s$%d$%s$%s", name, e.iterations, adapted.EncodeToString(e.salt),
			adapted.EncodeToString(e.key))
	case django:
		return fmt.Sprintf("pbkdf2_%s$%d$%s$%s", name, e.iterations, e.salt, base64.StdEncoding.EncodeToString(e.key))
	case werkzeug:
		return fmt.Sprintf("pbkdf2:%s:%d$%s$%x", name, e.iterations, e.salt, e.key)
	default:
		return e.aspNet()
	}
}

// decode parses loosely and then requires that encoding returns the same text:
// so there is one spelling of numbers, digits and base64.
func decode(hash core.PasswordHash) (encoded, error) {
	text := string(hash)
	e, ok := formOf(text)
	if !ok || len(text) > longest {
		return encoded{}, errMalformed
	}
	e.parse(text)
	if e.text() != text || len(e.salt) < 1 || len(e.salt) > maxLen || len(e.key) < minKeyLen || len(e.key) > maxLen ||
		e.form == aspNet && len(e.key) != aspNetKeyLen { // it says nowhere how long it is
		return encoded{}, errMalformed
	}
	return e, e.check(len(e.key))
}

// parse reads what it can; what is missing or wrong stays zero, and is found by
// writing it again.
func (e *encoded) parse(text string) {
	number := func(text string) { _, _ = fmt.Sscanf(text, "%d", &e.iterations) }
	switch part := strings.Split(text, "$"); {
	case e.form == aspNet:
		e.parseASPNet(text)
	case e.form == phc && len(part) == 5:
		number(strings.TrimPrefix(part[2], "i="))
		e.salt, _ = base64.RawStdEncoding.DecodeString(part[3])
		e.key, _ = base64.RawStdEncoding.DecodeString(part[4])
	case e.form == passlib && len(part) == 5:
		number(part[2])
		e.salt, _ = adapted.DecodeString(part[3])
		e.key, _ = adapted.DecodeString(part[4])
	case e.form == django && len(part) == 4:
		number(part[1])
		e.salt = []byte(part[2])
		e.key, _ = base64.StdEncoding.DecodeString(part[3])
	case e.form == werkzeug && len(part) == 3:
		number(part[0][strings.LastIndex(part[0], ":")+1:])
		e.salt = []byte(part[1])
		e.key, _ = hex.DecodeString(part[2])
	}
}

// Of ASP.NET Core Identity: a version, then the digest, the iterations and the
// salt's length, each in four bytes, the salt and the key.
const aspNetHead = 13

// aspNetDigests are its numbers for them; 0 is SHA-1.
var aspNetDigests = map[Digest]uint32{SHA256: 1, SHA512: 2}

// aspNetPrefixes are the version and the digest in base64, as far as no other
// bit has a part in it.
var aspNetPrefixes = map[Digest]string{SHA256: "AQAAAAE", SHA512: "AQAAAAI"}

func (e encoded) aspNet() string {
	b := []byte{1}
	b = binary.BigEndian.AppendUint32(b, aspNetDigests[e.digest])
	b = binary.BigEndian.AppendUint32(b, uint32(e.iterations))
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.salt)))
	return base64.StdEncoding.EncodeToString(append(append(b, e.salt...), e.key...))
}

func (e *encoded) parseASPNet(text string) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < aspNetHead {
		return
	}
	e.iterations = int64(binary.BigEndian.Uint32(b[5:]))
	if salt := binary.BigEndian.Uint32(b[9:]); int64(salt) <= int64(len(b)-aspNetHead) {
		e.salt, e.key = b[aspNetHead:aspNetHead+salt], b[aspNetHead+salt:]
	}
}
