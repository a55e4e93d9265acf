package command

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

func (t *tree[U, PU]) apiKeys() *cobra.Command {
	return group("keys", "Show, make and end users' API keys", t.apiKeysList(), t.apiKeysMake(), t.apiKeysEnd())
}

// keyed is opened for an application that has API keys.
func (t *tree[U, PU]) keyed(do func(ctx context.Context, c *call[U]) error) action {
	return t.opened(func(ctx context.Context, c *call[U]) error {
		if _, ok := c.auth.Services().Pages.Route("api-keys:list"); !ok {
			return errors.New("the application has no API keys: the flow of an apikey.Strategy is not in Options.Flows")
		}
		return do(ctx, c)
	})
}

func (t *tree[U, PU]) apiKeysList() *cobra.Command {
	return leaf("list", []string{person[U]()}, "List a user's API keys", "", t.keyed(
		func(ctx context.Context, c *call[U]) error {
			u, err := t.find(ctx, c, c.args[0])
			if err != nil {
				return err
			}
			keys, err := c.people.APIKeys(ctx, base[U, PU](u).ID)
			if err != nil {
				return unasked(err)
			}
			if c.json {
				for _, k := range keys {
					if err := c.object(keyObject(k)); err != nil {
						return err
					}
				}
				return nil
			}
			if len(keys) == 0 {
				c.note("%s has no API key.", called(u))
				return nil
			}
			rows := [][]string{{"ID", "NAME", "ENDS IN", "SCOPES", "MADE", "LAST USED", "EXPIRES"}}
			for _, k := range keys {
				rows = append(rows, []string{k.ID, shortened(k.Name), k.Hint, strings.Join(k.Scopes, " "), moment(k.Created),
					moment(k.Used), moment(k.Expires)})
			}
			return (&table{p: c.printer}).print(rows...)
		}))
}

// apiKey is a key as an object.
type apiKey struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Hint      string     `json:"hint"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	LastUsed  *time.Time `json:"last_used"`
	ExpiresAt *time.Time `json:"expires_at"`
	Key       string     `json:"key,omitempty"`
}

func keyObject(k apikey.Key) apiKey {
	o := apiKey{ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: k.Scopes, CreatedAt: k.Created}
	if !k.Used.IsZero() {
		o.LastUsed = &k.Used
	}
	if !k.Expires.IsZero() {
		o.ExpiresAt = &k.Expires
	}
	return o
}

func (t *tree[U, PU]) apiKeysMake() *cobra.Command {
	var w apikey.Wanted
	cmd := leaf("make", []string{person[U]()}, "Make an API key of a user, and print it",
		"The key is printed once and can be read nowhere afterwards. Whoever has it can do what its scopes allow.", t.keyed(
			func(ctx context.Context, c *call[U]) error {
				if _, ok := core.As[*memstore.Credentials](c.auth.Services().Credentials); ok {
					return errors.New("the application keeps API keys in its memory: a key that is made here would not work there; " +
						"set Options.Credentials to a store with a database")
				}
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				token, made, err := c.people.MakeAPIKey(ctx, base[U, PU](u).ID, w)
				if err != nil {
					return unasked(err)
				}
				if c.json {
					o := keyObject(made)
					o.Key = token
					return c.object(o)
				}
				until := ", and does not expire"
				if !made.Expires.IsZero() {
					until = ", until " + moment(made.Expires) + " UTC"
				}
				err = c.say("This key acts for %s with the scopes %s%s:", called(u), strings.Join(made.Scopes, " "), until)
				if err != nil {
					return err
				}
				return c.say("%s", token)
			}))
	cmd.Flags().StringVar(&w.Name, "name", "", "what it is for")
	cmd.Flags().StringSliceVar(&w.Scopes, "scope", nil, "a scope, or several with commas; may be repeated")
	cmd.Flags().DurationVar(&w.Lifetime, "expires-in", 0, "how long it lives, such as 720h (default: as long as the application allows)")
	return cmd
}

func (t *tree[U, PU]) apiKeysEnd() *cobra.Command {
	return leaf("end", []string{person[U](), "KEY"}, "End an API key of a user", "KEY is an ID of keys list.", t.keyed(
		func(ctx context.Context, c *call[U]) error {
			u, err := t.find(ctx, c, c.args[0])
			if err != nil {
				return err
			}
			id := c.args[1]
			err = c.people.EndAPIKey(ctx, base[U, PU](u).ID, id)
			if errors.Is(err, core.ErrNotFound) {
				return &failure{cause: err, text: called(u) + " has no API key " + id}
			}
			if err != nil {
				return unasked(err)
			}
			return c.removed(u, 1, "the API key has ended")
		}))
}
