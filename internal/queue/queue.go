// Package queue runs jobs in the background, mails and clean-ups, and repeats
// those that fail.
//
//	q := queue.New(queue.Options{})
//	q.Add("reset mail", func(ctx context.Context) error {
//		return sender.Send(ctx, mail)
//	})
//	defer q.Close(ctx)
//
// It lives in memory: what has not run when the process dies is lost, so a job
// is something that can be requested again. An idle queue has no goroutine, and
// jobs that wait have one timer together.
//
// Security notes. Adding never waits, but a worker competes with the request
// for cores and the database: a job that depends on who is registered is added
// with AddWithin, so that it begins when the answer is long sent, and at
// random, so that the next request does not meet it. The number of jobs is
// bounded, and lines about refused ones are few. A job's name and its error are
// logged: neither may hold a secret.
package queue

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/internal/seldom"
)

// Options of a Queue.
type Options struct {
	// Workers is how many jobs run at once. Default: 4.
	Workers int
	// Size is how many jobs there may be, running ones and those that wait
	// for their turn or next attempt included. Default: 1024.
	Size int
	// Attempts is how often a job is tried. Default: 6.
	Attempts int
	// Timeout ends the context of an attempt. A job that ignores its
	// context keeps its worker. Default: 30 seconds.
	Timeout time.Duration
	// Log receives failed attempts and refused jobs. Default:
	// slog.Default().
	Log *slog.Logger
	// Random returns a number in [0, n), for pauses. Default: rand.N, which
	// nobody can predict.
	Random func(n time.Duration) time.Duration
}

// Queue runs jobs. It is safe for concurrent use.
type Queue struct {
	o       Options
	ctx     context.Context // of all attempts; ends when Close runs out of time
	abort   context.CancelFunc
	drained chan struct{} // closed when Close was called and no job is left
	refused *seldom.Log

	mu      sync.Mutex
	held    int // jobs ready, running or waiting
	workers int
	ready   []*job
	waiting waiting
	idle    chan struct{} // closed when the last worker goes; nil if nobody waits for that
	closing bool
}

type job struct {
	name   string
	do     func(context.Context) error
	failed int       // attempts
	due    time.Time // of a job that waits
}

// New returns an empty queue.
func New(o Options) *Queue {
	o.Workers = cmp.Or(o.Workers, 4)
	o.Size = cmp.Or(o.Size, 1024)
	o.Attempts = cmp.Or(o.Attempts, 6)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Log = cmp.Or(o.Log, slog.Default())
	if o.Random == nil {
		o.Random = func(n time.Duration) time.Duration {
			return rand.N(n) //nolint:gosec // seeded by the system, see math/rand/v2
		}
	}
	q := &Queue{o: o, drained: make(chan struct{}), refused: seldom.New(o.Log)}
	q.ctx, q.abort = context.WithCancel(context.Background())
	return q
}

// Add takes a job and never waits. It logs and returns false where the queue is
// full or closed. An error of do, or a panic in it, fails the attempt; the next
// one follows after a growing pause, during which no worker is held.
func (q *Queue) Add(name string, do func(context.Context) error) bool {
	return q.AddWithin(0, 0, name, do)
}

// AddWithin is Add of a job whose first attempt begins between least and most
// from now, each moment as likely as the others, or when Wait or Close is
// called, if that is earlier. The job counts towards Size from now on.
func (q *Queue) AddWithin(least, most time.Duration, name string, do func(context.Context) error) bool {
	delay := least
	if most > least {
		delay += q.o.Random(most - least)
	}
	q.mu.Lock()
	refused := q.held >= q.o.Size || q.refuses()
	if !refused {
		q.held++
		q.wait(&job{name: name, do: do}, delay)
	}
	q.mu.Unlock()
	if refused {
		q.refused.Log(q.ctx, slog.LevelError, name,
			"latchkey: a background job was refused, the queue is full or closed", "job", name)
	}
	return !refused
}

// Wait begins what waits for its turn or next attempt at once, and returns when
// no job is ready or running, those included that running jobs add meanwhile.
// What fails again waits for its next attempt as ever. The error is ctx's.
func (q *Queue) Wait(ctx context.Context) error {
	q.mu.Lock()
	q.startAll()
	var idle chan struct{}
	if q.workers > 0 {
		if q.idle == nil {
			q.idle = make(chan struct{})
		}
		idle = q.idle
	}
	q.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close waits until no job is left, those included that running jobs add
// meanwhile, and from then on the queue refuses jobs. One that waits begins at
// once, and what fails after Close was called is not tried again. If ctx ends
// first, the contexts of all attempts end, further jobs are refused and the
// error is ctx's.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closing {
		q.closing = true
		q.startAll()
		if q.held == 0 {
			close(q.drained)
		}
	}
	q.mu.Unlock()
	select {
	case <-q.drained:
		return nil
	case <-ctx.Done():
		q.abort()
		return ctx.Err()
	}
}

// start makes a job ready and sees that somebody works. q.mu is held.
func (q *Queue) start(j *job) {
	q.ready = append(q.ready, j)
	if q.workers < q.o.Workers {
		q.workers++
		go q.work()
	}
}

// work runs jobs until none is ready.
func (q *Queue) work() {
	for {
		j := q.next()
		if j == nil {
			return
		}
		if err := q.attempt(j); err != nil {
			q.fail(j, err)
		} else {
			q.mu.Lock()
			q.drop()
			q.mu.Unlock()
		}
	}
}

// next takes the oldest ready job. If there is none, the calling worker counts
// as gone.
func (q *Queue) next() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ready) == 0 {
		q.workers--
		if q.workers == 0 && q.idle != nil {
			close(q.idle)
			q.idle = nil
		}
		return nil
	}
	j := q.ready[0]
	q.ready[0] = nil // the array behind the slice must not keep the job alive
	q.ready = q.ready[1:]
	return j
}

func (q *Queue) attempt(j *job) (err error) {
	ctx, cancel := context.WithTimeout(q.ctx, q.o.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // the value may hold a token: its type and the stack tell where to look
			err = fmt.Errorf("panic with a %T: %s", p, debug.Stack())
		}
	}()
	return j.do(ctx)
}

// fail plans the next attempt, or abandons the job.
func (q *Queue) fail(j *job, err error) {
	j.failed++
	pause := q.pauseAfter(j.failed)
	q.mu.Lock()
	again := !q.closing && j.failed < q.o.Attempts
	if again {
		q.wait(j, pause)
	} else {
		q.drop()
	}
	q.mu.Unlock()
	if again {
		q.o.Log.Warn("latchkey: a background job failed and will be tried again",
			"job", j.name, "attempt", j.failed, "pause", pause, "err", err)
	} else {
		q.o.Log.Error("latchkey: a background job failed and is given up", "job", j.name, "attempts", j.failed, "err", err)
	}
}

// drop forgets a job that has ended. q.mu is held.
func (q *Queue) drop() {
	q.held--
	if q.closing && q.held == 0 { // once, since no job is taken from here on
		close(q.drained)
	}
}

// refuses reports that Close has done its work or has run out of time. q.mu is
// held.
func (q *Queue) refuses() bool { return q.closing && q.held == 0 || q.ctx.Err() != nil }
