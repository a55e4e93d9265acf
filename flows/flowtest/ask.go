package flowtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// askCases returns the cases about a request for a mail.
func askCases() []Case {
	return []Case{
		{"same answer", "the answer to a request for a mail is the same whoever has the address: a user, one who is inactive, " +
			"suspended or not verified, or nobody", sameAnswer},
		{"nothing before the answer", "before the answer no work depends on the user: the address is not looked up, nothing is " +
			"hashed, stored or mailed, and the same job is queued by Jobs.EnqueueMail for every address", nothingBefore},
		{"stored address", "a mail goes to the address that is stored, however it was spelled in the request, and to nobody " +
			"else", storedAddress},
		{"inactive", "who is inactive or suspended is sent no mail", noMailForTheBlocked},
		{"link", "the link of a mail is on the base URL, whatever Host and X-Forwarded-Host say, and the value travels by the " +
			"mail alone", linkOnBase},
		{"no address", "what is no address is refused as bad input, 422", noAddress},
		{"requests are limited", "the requests of one network have a limit; beyond it the answer is 429 with Retry-After, " +
			"until that time is over, and other networks are not concerned", requestsLimited},
		{"mails are limited", "one address is sent a few mails at a time, wherever they are asked for, and the answer does " +
			"not say whether it was", mailsLimited},
		{"asked while the store is down", "while the store cannot be reached a request is answered alike for everybody, and " +
			"with nothing but 503 or the usual answer", askedWhileDown},
	}
}

// states are the accounts that an address may have.
func (a *app) states() (addresses map[string]string, err error) {
	addresses = map[string]string{"nobody": "nobody@example.org"}
	for name, edit := range map[string]func(*core.User){
		"a user":            func(*core.User) {},
		"an inactive one":   func(u *core.User) { u.IsActive = false },
		"a suspended one":   func(u *core.User) { u.SuspendedUntil = time.Now().Add(time.Hour) },
		"a verified one":    func(u *core.User) { u.IsVerified = true },
		"an unverified one": func(u *core.User) { u.IsVerified = false },
	} {
		u, err := a.user(edit)
		if err != nil {
			return nil, err
		}
		addresses[name] = u.Base().Email
	}
	return addresses, nil
}

func sameAnswer(a *app) error {
	addresses, err := a.states()
	if err != nil {
		return err
	}
	known, err := a.send(sent{Request: a.Ask(addresses["a user"])})
	if err != nil {
		return err
	}
	if !succeeded(known) {
		return fmt.Errorf("the answer to a user is %s, want a success", brief(known))
	}
	for name, address := range addresses {
		for range 2 { // the second one follows what the first one did
			resp, err := a.send(sent{Request: a.Ask(address)})
			if err != nil {
				return err
			}
			if learned(resp) != learned(known) {
				return fmt.Errorf("the answer to the address of %s is %s, and to that of a user %s", name, told(resp), told(known))
			}
			a.run()
		}
	}
	return nil
}

func nothingBefore(a *app) error {
	addresses, err := a.states()
	if err != nil {
		return err
	}
	var usual []string
	for _, name := range append([]string{"nobody"}, names(addresses)...) {
		key, err := a.real.CanonicalEmail(addresses[name])
		if err != nil {
			return err
		}
		a.journal.begin(key)
		if _, err := a.send(sent{Request: a.Ask(addresses[name])}); err != nil {
			return err
		}
		before := a.journal.read()
		time.Sleep(settling) // for what the flow runs by itself
		after := a.journal.read()
		switch early := depends(after); {
		case early != "":
			return fmt.Errorf("before its job runs, the request for the address of %s does: %s", name, early)
		case len(after) > len(before):
			return fmt.Errorf("after the answer %q is done by a goroutine of the flow's own: queue a job", after[len(before):])
		case !slices.ContainsFunc(after, func(line string) bool { return line == "Jobs.EnqueueMail" }):
			return fmt.Errorf("the request for the address of %s queues no job by Jobs.EnqueueMail", name)
		case usual == nil:
			usual = after
		case !slices.Equal(usual, after):
			return fmt.Errorf("the request for the address of %s does %q, and for nobody's %q", name, after, usual)
		}
		a.run()
	}
	return nil
}

func names(of map[string]string) (all []string) {
	for name := range of {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// depends returns the first line that depends on a user.
func depends(lines []string) string {
	for _, line := range lines {
		free := strings.HasPrefix(line, "Users.Find ") && !strings.Contains(line, "the address") ||
			line == "Jobs.EnqueueMail" || strings.HasPrefix(line, "Events.Raise")
		if !free {
			return line
		}
	}
	return ""
}

func storedAddress(a *app) error {
	u, err := a.user()
	if err != nil {
		return err
	}
	for _, address := range []string{u.Base().Email, strings.ToUpper(u.Base().Email), "nobody@example.org"} {
		key, err := a.real.CanonicalEmail(address)
		if err != nil || key != u.Base().EmailKey && address != "nobody@example.org" {
			continue // another address to this application
		}
		before := len(a.mailed())
		if _, err := a.send(sent{Request: a.Ask(address)}); err != nil {
			return err
		}
		a.run()
		got := a.mailed()[before:]
		switch {
		case address == "nobody@example.org" && len(got) > 0:
			return fmt.Errorf("a mail was sent to %s for the address of nobody", got[0].To)
		case address == "nobody@example.org":
		case len(got) != 1:
			return fmt.Errorf("%d mails were sent for %s, want 1", len(got), address)
		case got[0].To != u.Base().Email:
			return fmt.Errorf("the mail for %s goes to %s, want %s", address, got[0].To, u.Base().Email)
		}
	}
	return nil
}

func noMailForTheBlocked(a *app) error {
	addresses, err := a.states()
	if err != nil {
		return err
	}
	for _, name := range []string{"an inactive one", "a suspended one"} {
		if _, err := a.send(sent{Request: a.Ask(addresses[name])}); err != nil {
			return err
		}
		if a.run(); len(a.mailed()) > 0 {
			return fmt.Errorf("a mail was sent to %s", name)
		}
	}
	return nil
}

func linkOnBase(a *app) error {
	u, err := a.user()
	if err != nil {
		return err
	}
	evil := http.Header{
		"X-Forwarded-Host": {"evil.example"}, "Forwarded": {"host=evil.example"}, "Referer": {"https://evil.example/"},
	}
	resp, err := a.send(sent{Request: a.Ask(u.Base().Email), host: "evil.example", header: evil})
	if err != nil {
		return err
	}
	a.run()
	got := a.mailed()
	if len(got) != 1 {
		return fmt.Errorf("%d mails were sent, want 1", len(got))
	}
	if base := a.real.Env.BaseURL; got[0].Link != "" && (base == nil || !strings.HasPrefix(got[0].Link, base.String())) {
		return fmt.Errorf("the link leads to %.40s…, which is not on the base URL %v", got[0].Link, base)
	}
	if token := got[0].Token; token == "" || strings.Contains(told(resp), token) {
		return errors.New("the mail has no Token, or the answer has it too")
	}
	return nil
}

func noAddress(a *app) error {
	for _, text := range []string{
		"", "nobody", "nobody@", "a@b\x00.example.org", strings.Repeat("a", 400) + "@example.org",
	} {
		if key, err := a.real.Identify(text); err == nil && key != (core.Key{}) {
			continue // it is a name
		}
		resp, err := a.send(sent{Request: a.Ask(text)})
		if err != nil {
			return err
		}
		if resp.Status != http.StatusUnprocessableEntity && resp.Status != http.StatusBadRequest {
			return fmt.Errorf("%.20q is answered with %s", text, brief(resp))
		}
	}
	return nil
}

func mailsLimited(a *app) error {
	const many = 50
	u, err := a.user()
	if err != nil {
		return err
	}
	usual := ""
	for range many {
		resp, err := a.send(sent{Request: a.Ask(u.Base().Email)})
		if err != nil {
			return err
		}
		if a.run(); usual == "" {
			usual = learned(resp)
		}
		if learned(resp) != usual {
			return fmt.Errorf("the answer becomes %s, and was %s", told(resp), usual)
		}
	}
	if n := len(a.mailed()); n == many {
		return fmt.Errorf("%d requests within a moment, from as many networks, are %d mails to one address", many, n)
	}
	return nil
}

func askedWhileDown(a *app) error {
	addresses, err := a.states()
	if err != nil {
		return err
	}
	a.journal.setDown(true)
	usual := ""
	for _, name := range names(addresses) {
		resp, err := a.send(sent{Request: a.Ask(addresses[name])})
		if err != nil {
			return err
		}
		if usual == "" {
			usual = learned(resp)
		}
		if resp.Status != http.StatusServiceUnavailable && !succeeded(resp) || learned(resp) != usual {
			return fmt.Errorf("the answer to the address of %s is %s, and that to another one %s", name, told(resp), usual)
		}
	}
	return nil
}
