package redisstore

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/redis/rueidis"
)

// Tickets is a core.TicketStore. Redis itself deletes what has expired. A
// ticket that was replaced, or that failed too often, is deleted at once.
//
// A ticket is a hash under its purpose and digest: when it expires, whether it
// is used, how often it failed, and the part that never changes. The digests of
// a (purpose, user) are in an index, which in a Redis Cluster is in another
// slot than the tickets. So Put writes the ticket first, and then enters it
// into the index and reads what is there, in one script; with replace it
// deletes those tickets before it returns. Of any number of concurrent Puts
// with replace the one whose script came last is left.
type Tickets struct {
	s *Store

	insert, enter, replace, find, consume, count, settle script
}

var _ core.TicketStore = (*Tickets)(nil)

// ticketDataMax is the maximum that core.Ticket allows, in bytes.
const ticketDataMax = 8 << 10

// lookup is the part of a script that reads a ticket, which the script returns,
// and decides whether it is live and unused.
const lookup = `
local ticket = redis.call('HMGET', KEYS[1], 'expires', 'used', 'frozen')
local usable = ticket[1] and #ticket[1] == 20 and ticket[1] > ARGV[1] and ticket[2] == '0'
`

func newTickets(s *Store) *Tickets {
	return &Tickets{
		s: s,
		// An expired ticket counts as none.
		insert: newScript("store a ticket", `
local expires = redis.call('HGET', KEYS[1], 'expires')
if expires and (#expires ~= 20 or expires > ARGV[1]) then
	return 0
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'expires', ARGV[2], 'used', ARGV[3], 'frozen', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1`),
		enter: newScript("index a ticket", enter+`
sane(KEYS[1], 'zset')
local older = redis.call('ZRANGE', KEYS[1], 0, -1)
enter(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
return older`),
		// Used ones stay, so that a replay can be distinguished from a
		// forgery.
		replace: newScript("replace a ticket", `
if redis.call('TYPE', KEYS[1]).ok == 'hash' and redis.call('HGET', KEYS[1], 'used') == '0' then
	redis.call('DEL', KEYS[1])
end
return 1`),
		find: newScript("find a ticket", lookup+`
return ticket`),
		consume: newScript("use a ticket", lookup+`
if usable then
	redis.call('HSET', KEYS[1], 'used', '1')
end
return ticket`),
		count: newScript("count a failure", lookup+`
if usable and redis.call('HINCRBY', KEYS[1], 'failures', 1) >= tonumber(ARGV[2]) then
	redis.call('DEL', KEYS[1])
end
return ticket`),
		settle: newScript("settle a ticket that cannot be read", `
redis.call('DEL', KEYS[1])
if ARGV[4] ~= 'unused' then
	redis.call('HSET', KEYS[1], 'expires', ARGV[1], 'used', '1', 'frozen', ARGV[2])
	redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1`),
	}
}

// tombLives is how long an unreadable ticket counts as used: longer than any
// ticket or denied JWT lives.
const tombLives = 400 * 24 * time.Hour

// unreadable logs a ticket that cannot be read, and disposes of it (S19). One
// that was certainly unused is deleted, and the error is core.ErrNotFound. Any
// other may be a burned state or a denied JWT, so it becomes an empty used
// ticket, and the error is core.ErrUsed.
func (t *Tickets) unreadable(ctx context.Context, purpose string, d [32]byte, used string) error {
	refused, state := core.ErrUsed, "used"
	if used == "0" {
		refused, state = core.ErrNotFound, "unused"
	}
	key, expires := t.key(purpose, d), t.s.now().Add(tombLives)
	t.s.log.ErrorContext(ctx, "redisstore: a ticket could not be read", "key", key)
	_, err := t.s.exec(ctx, t.settle, []string{key},
		micros(expires), string(freeze(core.Ticket{})), number(tombLives.Milliseconds()), state)
	if err != nil {
		return err
	}
	return refused
}

// freeze encodes the part of a ticket that never changes.
func freeze(ticket core.Ticket) []byte {
	frozen := binary.AppendVarint(nil, ticket.Epoch)
	for _, field := range []string{ticket.UserID, ticket.Email, string(ticket.Data)} {
		frozen = appendText(frozen, field)
	}
	return frozen
}

func (t *Tickets) key(purpose string, d [32]byte) string {
	return t.s.prefix + "ticket:" + purpose + ":" + text(d)
}

func (t *Tickets) index(purpose, userID string) string {
	return t.s.prefix + "tickets:" + purpose + ":" + text(core.Digest(userID))
}

// Put stores a ticket; see core.TicketStore. While a Put with replace is in
// progress both tickets may be found.
func (t *Tickets) Put(ctx context.Context, ticket core.Ticket, replace bool) error {
	if len(ticket.Data) > ticketDataMax {
		return errors.New("redisstore: store a ticket: its Data is over 8 KiB")
	}
	inserted, err := t.put(ctx, ticket, "0")
	if err == nil && !inserted {
		err = core.ErrTaken
	}
	if err != nil {
		return err
	}
	answer, err := t.s.exec(ctx, t.enter, []string{t.index(ticket.Purpose, ticket.UserID)},
		string(ticket.Digest[:]), millis(ticket.Expires.Add(leeway)), millis(t.s.now()))
	if err != nil || !replace {
		return err
	}
	members, err := answer.AsStrSlice()
	if err != nil {
		return wrap(t.enter.what, err)
	}
	return t.end(ctx, ticket.Purpose, ticket.UserID, members)
}

// put returns false if there is a live ticket with the digest.
func (t *Tickets) put(ctx context.Context, ticket core.Ticket, used string) (bool, error) {
	frozen := freeze(ticket)
	if len(frozen) > maxStored {
		return false, wrap(t.insert.what, errTooLong)
	}
	now := t.s.now()
	answer, err := t.s.exec(ctx, t.insert, []string{t.key(ticket.Purpose, ticket.Digest)},
		micros(now), micros(ticket.Expires), used, string(frozen), number(left(now, ticket.Expires)))
	if says(err, "WRONGTYPE") { // there is something, which counts
		_, err = t.Find(ctx, ticket.Purpose, ticket.Digest)
		if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
			err = nil
		}
		return false, err
	}
	if err != nil {
		return false, err
	}
	inserted, err := answer.AsInt64()
	return inserted == 1, wrap(t.insert.what, err)
}

// end deletes those of a user's tickets that are not used.
func (t *Tickets) end(ctx context.Context, purpose, userID string, members []string) error {
	if len(members) == 0 {
		return nil
	}
	var all []rueidis.LuaExec
	for _, member := range members {
		all = append(all, rueidis.LuaExec{Keys: []string{t.key(purpose, digestOf(member))}})
	}
	err := t.s.call(ctx, t.replace.what, func(ctx context.Context) error {
		for _, result := range t.replace.lua.ExecMulti(ctx, t.s.client, all...) {
			if err := result.Error(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.s.do(ctx, t.replace.what, t.s.client.B().Zrem().Key(t.index(purpose, userID)).Member(members...).Build(), nil)
}

// Find returns a ticket; see core.TicketStore.
func (t *Tickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return t.ask(ctx, t.find, purpose, d)
}

// Consume uses a ticket up; see core.TicketStore.
func (t *Tickets) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return t.ask(ctx, t.consume, purpose, d)
}

// Fail counts a failed attempt; see core.TicketStore.
func (t *Tickets) Fail(ctx context.Context, purpose string, d [32]byte, max int) error {
	_, err := t.ask(ctx, t.count, purpose, d, number(int64(max)))
	return err
}

// Burn marks a digest as used; see core.TicketStore.
func (t *Tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	inserted, err := t.put(ctx, core.Ticket{Purpose: purpose, Digest: d, Expires: until}, "1")
	if err == nil && !inserted {
		err = core.ErrUsed
	}
	return err
}

// ask runs a script with lookup, which returns the ticket as it was before.
func (t *Tickets) ask(
	ctx context.Context, script script, purpose string, d [32]byte, args ...string,
) (core.Ticket, error) {
	now := t.s.now()
	answer, err := t.s.exec(ctx, script, []string{t.key(purpose, d)}, append([]string{micros(now)}, args...)...)
	if says(err, "WRONGTYPE") {
		return core.Ticket{}, t.unreadable(ctx, purpose, d, "")
	}
	if err != nil {
		return core.Ticket{}, err
	}
	fields, err := answer.AsStrSlice()
	if err != nil || len(fields) != 3 {
		return core.Ticket{}, wrap(script.what, errors.New("unexpected form of the reply"))
	}
	if fields[0] == "" && fields[1] == "" && fields[2] == "" {
		return core.Ticket{}, core.ErrNotFound
	}
	head, frozen := reader{rest: fields[0]}, reader{rest: fields[2]}
	ticket := core.Ticket{Digest: d, Purpose: purpose, Expires: head.micros(), Epoch: frozen.number(),
		UserID: frozen.text(), Email: frozen.text()}
	ticket.Data = []byte(frozen.text())
	switch {
	case head.broken || head.rest != "" || frozen.broken || fields[1] == "":
		return core.Ticket{}, t.unreadable(ctx, purpose, d, fields[1])
	case fields[0] <= micros(now):
		return core.Ticket{}, core.ErrNotFound
	case fields[1] != "0":
		err = core.ErrUsed
	}
	return ticket, err
}
