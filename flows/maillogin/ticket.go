package maillogin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// The purposes of tickets: a first proof, a second factor, a step-up. A mail
// for one is nothing to the others.
const (
	loginPurpose  = "mail-login"
	factorPurpose = "mail-factor"
	provePurpose  = "mail-prove"
	triesPurpose  = "mail-tries"
)

// letter is what a ticket keeps, beside the user, the address and the epoch.
type letter struct {
	Backend string
	// Address is as it was typed, of one who signs up.
	Address string `json:",omitempty"`
	// Login is the ID of the pending login that it belongs to.
	Login string `json:",omitempty"`
	// Link is the digest of the link's token, and Code the HMAC of the code
	// under the secret of the flow.
	Link, Code []byte
	// Dead: nothing opens it.
	Dead bool `json:",omitempty"`
}

func letterOf(t core.Ticket) (letter, error) {
	var l letter
	if err := json.Unmarshal(t.Data, &l); err != nil {
		return l, core.Unavailable(fmt.Errorf("the ticket of a mail cannot be read: %w", err))
	}
	return l, nil
}

// codeLen is the length of a code, in digits.
const codeLen = 8

func newCode(random io.Reader) (string, error) {
	n, err := rand.Int(random, big.NewInt(1e8))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", codeLen, n), nil
}

// digits returns a code as it is compared: people type blanks and dashes. It is
// "" for what is no code.
func digits(typed string) string {
	if len(typed) > 100 {
		return ""
	}
	code := strings.NewReplacer(" ", "", "-", "").Replace(typed)
	if len(code) != codeLen || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

func mac(flow, code string) []byte {
	h := hmac.New(sha256.New, []byte(flow))
	h.Write([]byte(code))
	return h.Sum(nil)
}

// A link that may be confirmed without the flow's secret names its ticket: its
// token is the ticket's digest and a secret.

func named(digest [32]byte, secret string) string {
	return base64.RawURLEncoding.EncodeToString(digest[:]) + secret
}

func ticketOf(token string) (digest [32]byte, ok bool) {
	if len(token) != 2*core.SecretLen {
		return digest, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token[:core.SecretLen])
	if err != nil || len(raw) != len(digest) { // the decoder skips line breaks
		return digest, false
	}
	return [32]byte(raw), true
}

// tries is how many confirmations a ticket has, right or wrong.
const tries = 5

// count takes one of a ticket's tries before it is made, so that any number of
// concurrent ones is no more. TicketStore.Fail would kill the ticket with the
// sixth, and with it a right one that is under way.
func count(ctx context.Context, svc *core.Services, t core.Ticket) error {
	for i := range tries {
		slot := core.Digest(fmt.Sprintf("%x %d", t.Digest, i))
		if err := svc.Tickets.Burn(ctx, triesPurpose, slot, t.Expires); !errors.Is(err, core.ErrUsed) {
			return notOpen(err)
		}
	}
	return bad()
}

// bad is the one refusal of a link or a code.
func bad() error { return core.Refuse(core.CodeMailLoginBadCode) }

// notOpen is nil, bad, or a 503 where a store could not be reached.
func notOpen(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, core.ErrNotFound), errors.Is(err, core.ErrUsed):
		return bad()
	}
	return core.OrUnavailable(err)
}
