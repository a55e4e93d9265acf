package passkey

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// The purposes of ceremonies.
const (
	toLogIn    = "login"
	toContinue = "continue"
	toProve    = "prove"
	toRegister = "register"
	toEnrol    = "enrol"
)

// ceremony is what a challenge may be spent for, and nothing else. subject is
// the session or the pending login that it was made for, "" for a login by a
// passkey alone.
type ceremony struct{ backend, purpose, subject string }

// Lengths of the parts of a challenge.
const (
	randomLen = 24
	expiryLen = 8
	headLen   = randomLen + expiryLen
)

// challenges are 24 random bytes, when they expire, and a MAC over both and the
// ceremony: the server keeps nothing of one until it is spent.
type challenges struct {
	secret   []byte
	lifetime time.Duration
}

func (c challenges) make(random io.Reader, now time.Time, of ceremony) ([]byte, error) {
	head := make([]byte, randomLen, headLen+sha256.Size)
	if _, err := io.ReadFull(random, head); err != nil {
		return nil, core.Unavailable(err)
	}
	head = binary.BigEndian.AppendUint64(head, uint64(now.Add(c.lifetime).UnixMicro()))
	return append(head, c.mac(head, of)...), nil
}

// mac has the length of each part before it, so that no two ceremonies are
// authenticated alike.
func (c challenges) mac(head []byte, of ceremony) []byte {
	h := hmac.New(sha256.New, c.secret)
	for _, part := range []string{"latchkey passkey challenge v1", string(head), of.backend, of.purpose, of.subject} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}

// spend accepts a challenge that was made for the ceremony, once: of any number
// of concurrent calls one succeeds.
func (c challenges) spend(
	ctx context.Context, tickets core.TicketStore, now time.Time, challenge []byte, of ceremony,
) error {
	if len(challenge) != headLen+sha256.Size || !hmac.Equal(challenge[headLen:], c.mac(challenge[:headLen], of)) {
		return core.Refuse(core.CodePasskeyBadChallenge)
	}
	expires := time.UnixMicro(int64(binary.BigEndian.Uint64(challenge[randomLen:headLen])))
	if !now.Before(expires) {
		return core.Refuse(core.CodePasskeyBadChallenge)
	}
	switch err := tickets.Burn(ctx, ticketPurpose, sha256.Sum256(challenge), expires); {
	case errors.Is(err, core.ErrUsed):
		return core.Refuse(core.CodePasskeyBadChallenge)
	case err != nil:
		return core.Unavailable(err)
	}
	return nil
}

const ticketPurpose = "passkey"
