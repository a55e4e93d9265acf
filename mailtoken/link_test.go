package mailtoken_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/mailtoken"
)

func TestMakeLink(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	mailed := send(t, s, u)
	e := &core.Event{Kind: "link made"}
	link, expires, err := invite.MakeLink(t.Context(), s.Services, u, e)
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := strings.CutPrefix(link, "https://app.example.org/invite#token=")
	if !ok || !expires.Equal(s.Now().Add(time.Hour)) {
		t.Errorf("got %q until %v", link, expires)
	}
	ticket, found, used, err := invite.Find(t.Context(), s.Services, raw)
	if err != nil || used || found.Base().ID != u.ID || mailtoken.Mailed(ticket) {
		t.Errorf("its ticket is %+v of %v, %v", ticket, found, err)
	}
	if _, found, _, _ := invite.Find(t.Context(), s.Services, mailed); found != nil {
		t.Error("the token of the mail before still works")
	}
	if last := s.Last(); last.Kind != "link made" || last.User.Base().ID != u.ID {
		t.Errorf("the event is %+v", last)
	}
	if n := len(s.Mails(t.Context())); n != 1 { // send's
		t.Errorf("%d mails were sent", n)
	}

	again := send(t, s, u) // the twin
	ticket, _, _, err = invite.Find(t.Context(), s.Services, again)
	if err != nil || !mailtoken.Mailed(ticket) {
		t.Errorf("a mail's ticket is %+v, %v", ticket, err)
	}
	if _, found, _, _ := invite.Find(t.Context(), s.Services, raw); found != nil {
		t.Error("a newer mail leaves the link")
	}
}

func TestMakeLinkIsRefused(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	mailed := send(t, s, u)
	for _, refusal := range []error{core.Refuse("NOT_NOW"), errors.New("down")} {
		s.Refuse = refusal
		link, _, err := invite.MakeLink(t.Context(), s.Services, u, &core.Event{Kind: "link made"})
		if link != "" || !errors.Is(err, core.OrUnavailable(refusal)) {
			t.Errorf("got %q, %v", link, err)
		}
	}
	if _, found, _, _ := invite.Find(t.Context(), s.Services, mailed); found == nil {
		t.Error("a link that was refused has ended the mail's token")
	}
}
