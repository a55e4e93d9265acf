package sqlstore

import "context"

// DuplicateOAuthAccountsError is Migrate's refusal to take over a table in
// which one account at a provider is linked more than once: it cannot know
// whose it is. Nothing has been changed. Delete the links that are wrong and
// run Migrate again.
type DuplicateOAuthAccountsError struct {
	// IDs are those of the links (not of their users), together where the
	// account is the same, the oldest first.
	IDs [][]string
}

// Error lists the ids, not the accounts.
func (e *DuplicateOAuthAccountsError) Error() string {
	return "sqlstore: accounts at OAuth providers are linked more than once: " + groups(e.IDs)
}

// checkOAuthAccounts reports whether the unique index can be made: FastAPI
// Users itself links an account again and again.
func (a *adoption) checkOAuthAccounts(ctx context.Context) error {
	var found DuplicateOAuthAccountsError
	var last [2]string
	err := a.s.each(ctx, a.doubleLinks, nil, func(scan func(...any) error) error {
		var id string
		var account [2]string
		if err := scan(&id, &account[0], &account[1]); err != nil {
			return err
		}
		if account != last {
			found.IDs, last = append(found.IDs, nil), account
		}
		end := len(found.IDs) - 1
		found.IDs[end] = append(found.IDs[end], id)
		return nil
	})
	if err != nil || found.IDs == nil {
		return err
	}
	return &found
}
