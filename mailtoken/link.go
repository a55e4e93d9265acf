package mailtoken

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// handed is the Data of a ticket that no mail carries.
const handed = "handed over"

// MakeLink makes a ticket for u, so that older ones of the kind die, and
// returns the link that a mail would have, for an operator to hand over by
// other means, and when it expires. It commits the event, whose User it sets; a
// decider may refuse it, with an *Error. Whoever presents its token has not
// proved that they read the user's mailbox: see Mailed.
func (k Kind) MakeLink(
	ctx context.Context, svc *core.Services, u core.AnyUser, event *core.Event,
) (link string, expires time.Time, err error) {
	event.User = u
	var made *core.Mail
	err = svc.Events.Commit(ctx, event, func(ctx context.Context) (err error) {
		made, expires, err = k.makeTicket(ctx, svc, u, []byte(handed))
		return err
	})
	if err != nil {
		return "", time.Time{}, core.OrUnavailable(err)
	}
	return made.Link, expires, nil
}

// Mailed reports whether a ticket's token went to the user's mailbox, so that
// whoever presents it reads that. Others are made by MakeLink.
func Mailed(t core.Ticket) bool { return string(t.Data) != handed }
