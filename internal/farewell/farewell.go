// Package farewell mails the address of a user who is gone.
//
//	farewell.Send(svc, was, core.Mail{User: u, Lang: core.Language(ctx)})
//
// Security notes: anybody can register with the address of somebody else, any
// number of times where it has a tag, and delete each user again. So the mails
// to one mailbox have a limit, as long as nobody has verified its address.
package farewell

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
)

// Send queues the mail to a user as they were, with the User, the language and
// the client of mail; none where there was no address.
func Send(svc *core.Services, was core.User, mail core.Mail) {
	if svc.Mail == nil || was.Email == "" {
		return
	}
	mail.To, mail.Kind = was.Email, core.MailDeleted
	counted := was.IsVerified
	svc.Jobs.EnqueueMail("deleted mail", func(ctx context.Context) error {
		if !counted {
			count := asklimit.Unverified(svc.Limiter, "deleted-mails", was.EmailKey, mail.Client.IP)
			if !mail.Client.IP.IsValid() { // a sweep is no asker
				count.Each = count.All
			}
			wait, err := count.Allow(ctx)
			if err != nil || wait > 0 {
				return err
			}
			counted = true
		}
		return svc.Mail.Send(ctx, mail)
	})
}
