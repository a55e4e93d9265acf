package pages

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Activity is something that happened to an account.
type Activity struct {
	// Text says what, for people.
	Text string
	// Bad is something that was refused.
	Bad bool
	// By says who did it; "" for the user.
	By string
	// Device is the browser and system, Label the whole of what the browser
	// calls itself, "" where others acted.
	Device, Label, IP string
	// When is a time for people, At that of <time datetime>.
	When, At string
}

// activities is how many the account page shows.
const activities = "10"

// happened is a record as the API has it, for a user or for superusers.
type happened struct {
	At                  time.Time
	Action, Code, Actor string
	Label, IP           string
	Fields              []string
}

// askedByAnybody are the mails that whoever has the address may ask for; they
// are made after the request, so that nobody is on record as their cause.
var askedByAnybody = []core.EventKind{core.EventResetRequested, core.EventVerifyRequested}

// addActivity asks for what happened to the account.
func (v *visit) addActivity(ctx context.Context, data *Account) error {
	if !v.offers("activity") {
		return nil
	}
	answer, err := v.ask(ctx, question{route: "audit:own", query: url.Values{"limit": {activities}}})
	if err != nil {
		return err
	}
	if e := refusal(answer); e != nil {
		if e.Is(core.Forbidden()) { // an account that may not do much yet, or somebody who acts as its owner
			return nil
		}
		return e
	}
	var all []happened
	if err := json.Unmarshal(answer.Body, &all); err != nil {
		return err
	}
	for _, h := range all {
		a := v.activity(h)
		if h.Actor == "others" {
			a.Device = ""
		}
		if h.Actor == "others" && !slices.Contains(askedByAnybody, core.EventKind(h.Action)) {
			a.By = v.texts.say("activity.others")
		}
		data.Activity = append(data.Activity, a)
	}
	return nil
}

func (v *visit) activity(h happened) Activity {
	return Activity{
		Text: v.action(h), Bad: h.Code != "", Device: v.device(h.Label), Label: h.Label, IP: h.IP, When: v.ago(h.At),
		At: h.At.Format(time.RFC3339),
	}
}

// action is what happened, for people: the kind itself where there is no text.
func (v *visit) action(h happened) string {
	if h.Action == string(core.EventUpdated) {
		for _, field := range []string{"password", "email", "username"} {
			if slices.Contains(h.Fields, field) {
				return v.texts.say("activity." + field)
			}
		}
	}
	if text, ok := v.texts.find("activity." + h.Action); ok {
		return text
	}
	return h.Action
}
