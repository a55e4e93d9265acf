package core

import "context"

// Severity is how much a Finding matters.
type Severity string

// The severities, the worst first.
const (
	// SeverityError is of what does not work, or is not safe.
	SeverityError Severity = "error"
	// SeverityWarning is of what is wrong in most applications.
	SeverityWarning Severity = "warning"
	// SeverityNote is worth knowing.
	SeverityNote Severity = "note"
)

// Finding is something about an application's set-up that its operator should
// know. It holds no secret.
type Finding struct {
	// Code names the kind of finding, in upper case, and does not change.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Text is a sentence for people: what is the case, and what follows.
	Text string `json:"text"`
	// Fix says what to do; "" where Text has it.
	Fix string `json:"fix,omitempty"`
}

// Examiner is a part that has something to say about how it is set up
// (optional): a store, a strategy, a transport, a flow or a sender. Auth.Doctor
// calls it. A part that is a decorator passes on what the inner one finds.
type Examiner interface {
	// Examine returns what it finds, nothing where all is well. It changes
	// nothing and does no long work.
	Examine(ctx context.Context, svc *Services) []Finding
}
