package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Forget blanks the client of a user's records; see core.AuditStore.
func (a *Audit) Forget(ctx context.Context, userID string) error {
	if userID == "" || !isText(userID) {
		return nil
	}
	return a.c.changeAll(ctx, "forget who is in the audit log",
		bson.D{
			{Key: "subject", Value: userID}, {Key: "by_actor", Value: ""},
			{Key: "$or", Value: bson.A{
				bson.D{{Key: "by_user", Value: userID}}, bson.D{{Key: "by_kind", Value: "nobody"}},
			}},
		},
		bson.D{{Key: "$set", Value: bson.D{{Key: "ip", Value: ""}, {Key: "label", Value: ""}}}})
}

// changeAll changes every document that the filter finds.
func (c collection) changeAll(ctx context.Context, what string, filter, change bson.D) error {
	ctx, stop := c.bounded(ctx)
	defer stop()
	_, err := c.UpdateMany(ctx, filter, change)
	return failed(ctx, what, err)
}
