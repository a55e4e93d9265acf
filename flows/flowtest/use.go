package flowtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/latchkey-go/latchkey/core"
)

// useCases returns the cases about what may be used once, with or without a
// value.
func useCases() []Case {
	return []Case{
		{"works once", "a value works, and is refused from then on", worksOnce},
		{"one of many", "of any number of simultaneous requests with a value, one succeeds", oneOfMany},
		{"used while the store is down", "while the store cannot be reached the answer is 503, and nothing is used up", usedWhileDown},
		{"GET changes nothing", "no GET uses a value up or changes anything, since programs follow the links of mails", byGET},
	}
}

// valueCases returns the cases about a value that was given to a user.
func valueCases(h Harness) []Case {
	cases := []Case{
		{"made up", "what is no value, or is one with a character more, less or in another letter case, is refused, and the " +
			"value itself still works", madeUp},
		{"another purpose", "a ticket that was made for something else is refused", anotherPurpose},
	}
	if !h.Unlimited {
		cases = append(cases, Case{"guesses are limited", "the values that one network presents have a limit; beyond it the " +
			"answer is 429 with Retry-After, until that time is over, and other networks are not concerned", guessesLimited})
	}
	if h.Lifetime > 0 {
		cases = append(cases, Case{"expires", "a value works until its lifetime is over, and is refused from then on", expires})
	}
	return cases
}

func worksOnce(a *app) error {
	u, value, err := a.granted()
	if err != nil {
		return err
	}
	if done, _, err := a.done(u); err != nil || done {
		return fmt.Errorf("Harness.Done is true before anything was used (%v): what is it that a Use does?", err)
	}
	if err := a.wantUsed("the first use", u, value); err != nil {
		return err
	}
	for i := range 3 {
		resp, err := a.spend(u, value)
		if err != nil {
			return err
		}
		if !refused(resp) {
			return fmt.Errorf("use %d is answered with %s, want a refusal", i+2, brief(resp))
		}
	}
	return nil
}

func oneOfMany(a *app) error {
	const many = 32
	u, value, err := a.granted()
	if err != nil {
		return err
	}
	requests, answers, errs := make([]sent, many), make([]*core.Response, many), make([]error, many)
	for i := range many {
		if requests[i], err = a.by(u, a.Use(value)); err != nil {
			return err
		}
	}
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range many {
		all.Go(func() {
			<-begin
			answers[i], errs[i] = a.send(requests[i])
		})
	}
	close(begin)
	all.Wait()
	won := 0
	for i, resp := range answers {
		switch {
		case errs[i] != nil:
			return errs[i]
		case succeeded(resp):
			won++
		case !refused(resp):
			return fmt.Errorf("one of %d simultaneous requests is answered with %s", many, brief(resp))
		}
	}
	if won != 1 {
		return fmt.Errorf("%d of %d simultaneous requests succeed, want 1", won, many)
	}
	return nil
}

func madeUp(a *app) error {
	u, value, err := a.granted()
	if err != nil {
		return err
	}
	for what, wrong := range map[string]string{
		"a guess": a.Guess(value), "the value with a character more": value + "A",
		"the value with a character less": value[:len(value)-1], "the value in another letter case": swapped(value),
		"an empty value": "", "no text": "\x00\xff",
	} {
		if wrong == value {
			continue
		}
		if err := a.wantWrong(what, u, wrong); err != nil {
			return err
		}
	}
	return a.wantUsed("the value itself, after guesses", u, value)
}

// swapped returns s with its letters in the other case.
func swapped(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func anotherPurpose(a *app) error {
	u, _, err := a.granted()
	if err != nil || a.real.Tickets == nil {
		return err
	}
	raw := secret()
	b := u.Base()
	err = a.real.Tickets.Put(a.t.Context(), core.Ticket{
		Digest: core.Digest(raw), Purpose: "flowtest", UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch,
		Expires: time.Now().Add(time.Minute),
	}, false)
	if err != nil {
		return err
	}
	return a.wantWrong("the token of a ticket for another purpose", u, raw)
}

func expires(a *app) error {
	early, first, err := a.granted()
	if err != nil {
		return err
	}
	late, second, err := a.granted()
	if err != nil {
		return err
	}
	time.Sleep(a.Lifetime - time.Second)
	if err := a.wantUsed("a value a second before its end", early, first); err != nil {
		return err
	}
	time.Sleep(time.Second)
	return a.wantWrong("a value after its lifetime", late, second)
}

func usedWhileDown(a *app) error {
	u, value, err := a.granted()
	if err != nil {
		return err
	}
	s, err := a.by(u, a.Use(value))
	if err != nil {
		return err
	}
	a.journal.setDown(true)
	resp, err := a.send(s)
	a.journal.setDown(false)
	if err != nil {
		return err
	}
	if resp.Status != http.StatusServiceUnavailable {
		return fmt.Errorf("the answer is %s, want 503 (core.Unavailable is one of a store's error)", brief(resp))
	}
	return a.wantUsed("a value, once the store is back,", u, value)
}

func byGET(a *app) error {
	u, value, err := a.granted()
	if err != nil {
		return err
	}
	caller, err := a.login(u)
	if err != nil {
		caller = nil // a flow of logins that lack a factor
	}
	use, _, _ := strings.Cut(a.Use(value).Route, " ")
	if core.IsSafeMethod(use) && len(a.ByGET) == 0 {
		return fmt.Errorf("the request that uses a value up is a %s", use)
	}
	for _, e := range a.group {
		if !core.IsSafeMethod(e.Method) || slices.Contains(a.ByGET, e.Name) {
			continue
		}
		for _, header := range []http.Header{nil, caller} {
			route := "GET " + filled(e.Pattern, value) + "?token=" + value + "&code=" + value
			a.journal.begin("")
			if _, err := a.send(sent{Request: Request{Route: route}, header: header}); err != nil {
				return err
			}
			for _, line := range a.journal.read() {
				if slices.ContainsFunc(changes, func(c string) bool { return strings.HasPrefix(line, c) }) {
					return fmt.Errorf("GET %s does: %s", e.Pattern, line)
				}
			}
		}
	}
	return a.wantUsed("a value, after every GET,", u, value)
}

// changes are lines of a journal of what a GET must not do.
var changes = []string{
	"Users.Create", "Users.Update", "Users.Delete", "Tickets.Put", "Tickets.Consume", "Tickets.Burn", "Tickets.Fail",
	"Credentials.Create", "Credentials.Update", "Credentials.Delete", "Gate.", "Sessions.Revoke", "Sessions.Logout", "Passwords.",
	"Events.Begin", "Events.Commit", "Mail.", "Jobs.",
}

// filled returns the path of a pattern, with value in place of its parameters.
func filled(pattern, value string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = value
		}
	}
	return strings.Join(segments, "/")
}
