package core

import "context"

type languageKey struct{}

// WithLanguage returns a context with the language of the person who is asking,
// a BCP 47 tag ("de", "pt-BR"). An application's middleware, which knows the
// languages that it speaks, sets it; Mail.Lang and Localize go by it.
func WithLanguage(ctx context.Context, tag string) context.Context {
	return context.WithValue(ctx, languageKey{}, tag)
}

// Language returns the tag that WithLanguage has set, and "" for none.
func Language(ctx context.Context) string {
	tag, _ := ctx.Value(languageKey{}).(string)
	return tag
}
