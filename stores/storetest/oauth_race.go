package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

var oauthRaceCases = []accountCase{
	{Rule: "Of any number of concurrent Creates of one account one wins", Check: func(ctx context.Context, s accounts) error {
		return repeat(func(round int) error {
			subject := fmt.Sprintf("round %d", round)
			made := make([]*core.OAuthAccount, crowd)
			errs := together(crowd, func(i int) error {
				made[i] = link([]string{AnnID, BobID}[i%2], subject)
				made[i].AccessToken = fmt.Sprintf("token %d", i)
				return s.Create(ctx, made[i])
			})
			if err := tally("Create", errs, 1, core.ErrTaken); err != nil {
				return err
			}
			for i, err := range errs {
				if err == nil {
					return holdsLink(ctx, s, "the winner", made[i])
				}
			}
			return nil
		})
	}},
	{Rule: "Of any number of concurrent Creates of one ID one wins", Check: func(ctx context.Context, s accounts) error {
		return repeat(func(round int) error {
			// The store itself decides the form of its IDs.
			gone, err := addLinks(ctx, s, AnnID, fmt.Sprintf("gone %d", round))
			if err != nil {
				return err
			}
			if err := s.Delete(ctx, gone[0].ID); err != nil {
				return is("Delete", err, nil)
			}
			made := make([]*core.OAuthAccount, crowd)
			errs := together(crowd, func(i int) error {
				made[i] = link([]string{AnnID, BobID}[i%2], fmt.Sprintf("round %d, subject %d", round, i))
				made[i].ID = gone[0].ID
				return s.Create(ctx, made[i])
			})
			err = tally("Create", errs, 1, core.ErrTaken)
			for i, a := range made {
				if errs[i] == nil {
					err = errors.Join(err, holdsLink(ctx, s, "the winner", a))
				} else {
					err = errors.Join(err, unlinked(ctx, s, "github", a.Subject))
				}
			}
			return err
		})
	}},
	{Rule: "Concurrent Creates give every account an ID of its own", Check: func(ctx context.Context, s accounts) error {
		made := make([]*core.OAuthAccount, crowd)
		errs := together(crowd, func(i int) error {
			made[i] = link(AnnID, fmt.Sprintf("subject %d", i))
			return is("Create", s.Create(ctx, made[i]), nil)
		})
		if err := errors.Join(errs...); err != nil {
			return err
		}
		owners := map[string]string{"": "nothing"}
		for _, a := range made {
			errs = append(errs, that(owners[a.ID] == "", "the ID %q was assigned to %s and to %s", a.ID, owners[a.ID],
				a.Subject),
				holdsLink(ctx, s, a.Subject, a))
			owners[a.ID] = a.Subject
		}
		return errors.Join(errs...)
	}},
}
