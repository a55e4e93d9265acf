package governor

import (
	"net/netip"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// What a place in the queue costs: so many turns of others come before an
// account's next one. A network pays for each account that begins to wait, so
// it has the turns of four accounts.
const (
	accountCost = 4
	networkCost = 1
)

// queue orders those who wait by start-time fair queueing (Goyal, Vin, Cheng:
// "Start-time Fair Queuing", SIGCOMM 1996): a waiter gets a tag on arrival, the
// virtual time at which its turn would start. It is now for one whose account
// and network have nothing waiting, and the later the more they have. The least
// tag is served first. The queue is short, so it is searched from end to end.
type queue struct {
	size     int
	waiting  []*waiter // in the order of arrival
	served   int64     // the tag of the one that was served last
	accounts lines[string]
	networks lines[netip.Prefix]
}

type waiter struct {
	by   core.Asker
	tag  int64
	turn chan error // nil when it is its turn, ErrBusy when it has lost its place
}

func newQueue(size int) queue {
	return queue{size: size, accounts: lines[string]{}, networks: lines[netip.Prefix]{}}
}

// add returns a new waiter. In a full queue it takes the place of the one with
// the latest tag, or is nil where none is later.
func (q *queue) add(by core.Asker) *waiter {
	tag, network := q.tags(by)
	if len(q.waiting) >= q.size {
		last := slices.MaxFunc(q.waiting, func(a, b *waiter) int { return int(a.tag - b.tag) })
		if last.tag <= tag {
			return nil
		}
		q.remove(last)
		last.turn <- ErrBusy
	}
	w := &waiter{by: by, tag: tag, turn: make(chan error, 1)}
	q.waiting = append(q.waiting, w)
	q.accounts.add(by.Account, tag+accountCost)
	q.networks.add(by.Network, network)
	return w
}

// tags returns the tag of one who comes now, and when the network's next
// account may start.
func (q *queue) tags(by core.Asker) (tag, network int64) {
	account := q.accounts[by.Account]
	tag, network = max(q.served, account.next), q.networks[by.Network].next
	if account.waiting == 0 {
		tag = max(tag, network)
		network = tag + networkCost
	}
	return tag, network
}

// next takes the one whose turn it is out of the queue, the first of equals
// among those that may have it; nil if there is none.
func (q *queue) next(may func(core.Asker) bool) *waiter {
	var first *waiter
	for _, w := range q.waiting {
		if (first == nil || w.tag < first.tag) && may(w.by) {
			first = w
		}
	}
	if first != nil {
		q.remove(first)
		q.served = max(q.served, first.tag) // one that had to wait may have been passed
	}
	return first
}

// remove reports whether w was waiting.
func (q *queue) remove(w *waiter) bool {
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.accounts.remove(w.by.Account)
	q.networks.remove(w.by.Network)
	return true
}

// lines are what accounts, or networks, have waiting. The zero key, of work
// that nobody asks for, has no line.
type lines[K comparable] map[K]line

type line struct {
	waiting int
	next    int64 // the tag of the one that comes next
}

func (l lines[K]) add(key K, next int64) {
	var nobody K
	if key != nobody {
		l[key] = line{l[key].waiting + 1, next}
	}
}

func (l lines[K]) remove(key K) {
	rest := l[key]
	if rest.waiting--; rest.waiting > 0 {
		l[key] = rest
	} else {
		delete(l, key)
	}
}
