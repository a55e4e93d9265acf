package flowtest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// nameCase returns the case about applications whose users have names
// (core.Named).
func nameCase() Case {
	return Case{"names", "where users have names, who asks by one is answered like everybody, whoever has it, and no work " +
		"before the answer depends on that; the mail goes to the address that is stored, who has none is sent nothing, and " +
		"name and address have one count of mails", askedByName}
}

// named stores a user with a name; edit as for user.
func (a *app) named(name string, edit func(*core.User)) (core.AnyUser, error) {
	key, err := a.real.Identify(name)
	if err != nil || key.Kind != core.ByUsername("").Kind {
		return nil, fmt.Errorf("the application takes no name such as %s: %v", name, err)
	}
	u, err := a.newUser(edit)
	if err != nil {
		return nil, err
	}
	*core.NamedOf(u) = core.Named{Username: name, UsernameKey: key.Value}
	return u, a.real.Users.Create(a.t.Context(), u)
}

func askedByName(a *app) error {
	if core.NamedOf(a.real.Users.New()) == nil {
		return nil // of which a flow finds nobody
	}
	known, err := a.named("person.known", func(*core.User) {})
	if err != nil {
		return err
	}
	_, err = a.named("person.nowhere", func(u *core.User) { u.Email, u.EmailKey, u.IsVerified = "", "", false })
	if err != nil {
		return err
	}
	answer, work := "", []string(nil)
	for _, name := range []string{"person.nobody", "person.known", "person.nowhere"} {
		a.journal.begin(name)
		resp, err := a.send(sent{Request: a.Ask(name)})
		if err != nil {
			return err
		}
		did := a.journal.read()
		if answer == "" {
			answer, work = learned(resp), did
		}
		switch early := depends(did); {
		case succeeded(resp) && early != "":
			return fmt.Errorf("before its job runs, the request for the name %s does: %s", name, early)
		case learned(resp) != answer:
			return fmt.Errorf("the answer to the name %s is %s, and to that of nobody %s", name, told(resp), answer)
		case !slices.Equal(did, work):
			return fmt.Errorf("the request for the name %s does %q, and for that of nobody %q", name, did, work)
		}
		before := len(a.mailed())
		a.run()
		for _, m := range a.mailed()[before:] {
			if name != "person.known" || m.To != known.Base().Email {
				return fmt.Errorf("for the name %s a mail is sent to %q", name, m.To)
			}
		}
	}
	return a.oneCount()
}

// oneCount returns an error where a name and the address of its user have
// counts of their own, so that one mailbox gets the mails of both.
func (a *app) oneCount() error {
	const many = 50
	mails := func(identifiers ...string) (int, error) {
		before := len(a.mailed())
		for i := range many {
			if _, err := a.send(sent{Request: a.Ask(identifiers[i%len(identifiers)])}); err != nil {
				return 0, err
			}
			a.run()
		}
		return len(a.mailed()) - before, nil
	}
	one, err1 := a.named("person.one", func(*core.User) {})
	two, err2 := a.named("person.two", func(*core.User) {})
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	alone, err1 := mails(one.Base().Email)
	both, err2 := mails(two.Base().Email, core.NamedOf(two).Username)
	if both > alone {
		return fmt.Errorf("%d mails are sent to who is asked for by the address alone, and %d to who is by the name too", alone, both)
	}
	return errors.Join(err1, err2)
}
