package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// ticketKeptOrRefused returns an error unless the store returns the ticket
// unchanged, or has refused it with none of core's errors.
func ticketKeptOrRefused(ctx context.Context, s tickets, one core.Ticket) error {
	err := s.Store.Put(ctx, one, false)
	found, err2 := s.Store.Find(ctx, one.Purpose, one.Digest)
	if err != nil {
		return errors.Join(noSentinel("Put", err), is("Find of the refused ticket", err2, core.ErrNotFound))
	}
	return errors.Join(is("Find", err2, nil), sameTicket("Find", found, one))
}

var ticketHardCases = []ticketCase{
	{Rule: "An e-mail of 320 bytes and a user's ID of 255 are kept", Check: func(ctx context.Context, s tickets) error {
		one := ticket(s, "long")
		one.Email, one.UserID = strings.Repeat("ü", 160), strings.Repeat("u", 255)
		if err := s.Store.Put(ctx, one, true); err != nil {
			return is("Put", err, nil)
		}
		found, err := s.Store.Consume(ctx, "reset", one.Digest)
		return errors.Join(is("Consume", err, nil), sameTicket("Consume", found, one))
	}},
	{Rule: "G05 P08 a ticket is stored byte for byte or refused, never shortened or altered", Check: func(ctx context.Context, s tickets) error {
		var errs []error
		for i, text := range hardText() {
			data, email, user := ticket(s, fmt.Sprintf("data %d", i)), ticket(s, fmt.Sprintf("email %d", i)),
				ticket(s, fmt.Sprintf("user %d", i))
			data.Data, email.Email, user.UserID = []byte(text), text, text
			errs = append(errs, ticketKeptOrRefused(ctx, s, data), ticketKeptOrRefused(ctx, s, email),
				ticketKeptOrRefused(ctx, s, user))
		}
		long := ticket(s, "longer than 8 kibibytes")
		long.Data = bytes.Repeat([]byte{0xff}, 8<<10+1)
		return errors.Join(append(errs, ticketKeptOrRefused(ctx, s, long))...)
	}},
	{Rule: "A ticket with a far end is kept or refused, never changed; one that is over is never found", Check: func(ctx context.Context, s tickets) error {
		far, over, burned := ticket(s, "far"), ticket(s, "over"), s.Now().Add(-time.Hour)
		far.Expires, over.Expires = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), s.Now()
		// The store may refuse what has expired.
		_, _ = s.Store.Put(ctx, over, false), s.Store.Burn(ctx, "reset", key("burned"), burned)
		return errors.Join(ticketKeptOrRefused(ctx, s, far), finds(ctx, s, "over", core.ErrNotFound),
			consumes(ctx, s, "over", core.ErrNotFound),
			finds(ctx, s, "burned", core.ErrNotFound))
	}},
}
