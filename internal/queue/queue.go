// Package queue runs jobs in the background, mails and clean-ups, and repeats those that fail.
//
//	q := queue.New(queue.Options{})
//	q.Add("reset mail", func(ctx context.Context) error { return sender.Send(ctx, mail) })
//	defer q.Close(ctx)
//
// It lives in memory: what has not run when the process dies is lost, so a job is something that may be asked for again. An idle queue has no
// goroutine.
//
// Security notes. Adding never waits, so the time of a request does not tell what it caused. The number of jobs is bounded. A job's name
// and its error are logged: neither may hold a secret.
package queue

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Options of a Queue.
type Options struct {
	// Workers is how many jobs run at once; 0 is 4.
	Workers int
	// Size is how many jobs there may be, running ones and those that wait for their next attempt included; 0 is 1024.
	Size int
	// Attempts is how often a job is tried; 0 is 6.
	Attempts int
	// Timeout ends the context of an attempt; 0 is 30 seconds. A job that does not heed its context keeps its worker.
	Timeout time.Duration
	// Log hears of failed attempts and of jobs refused; nil is slog.Default().
	Log *slog.Logger
}

// Queue runs jobs. It is safe for concurrent use.
type Queue struct {
	o       Options
	ctx     context.Context // of all attempts; ends when Close runs out of time
	abort   context.CancelFunc
	drained chan struct{} // closed when Close was called and no job is left

	mu      sync.Mutex
	held    int // jobs ready, running or waiting
	workers int
	ready   []*job
	waiting map[*job]*time.Timer
	closing bool
}

type job struct {
	name   string
	do     func(context.Context) error
	failed int // attempts
}

// New gives an empty queue.
func New(o Options) *Queue {
	o.Workers = cmp.Or(o.Workers, 4)
	o.Size = cmp.Or(o.Size, 1024)
	o.Attempts = cmp.Or(o.Attempts, 6)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Log = cmp.Or(o.Log, slog.Default())
	q := &Queue{o: o, drained: make(chan struct{}), waiting: map[*job]*time.Timer{}}
	q.ctx, q.abort = context.WithCancel(context.Background())
	return q
}

// Add takes a job and never waits. It logs and returns false where the queue is full or closed. An error of do, or a panic in it, fails the
// attempt; the next one follows after a growing pause, during which no worker is held.
func (q *Queue) Add(name string, do func(context.Context) error) bool {
	q.mu.Lock()
	refused := q.held >= q.o.Size || q.refuses()
	if !refused {
		q.held++
		q.start(&job{name: name, do: do})
	}
	q.mu.Unlock()
	if refused {
		q.o.Log.Error("latchkey: a background job was refused, the queue is full or closed", "job", name)
	}
	return !refused
}

// Close waits until no job is left, those included that running jobs add meanwhile, and from then on the queue refuses jobs. One that waits
// for its next attempt gets it at once, and what fails after Close was called is not tried again. If ctx ends first, the contexts of all
// attempts end, further jobs are refused and the error is ctx's.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closing {
		q.closing = true
		for j, timer := range q.waiting {
			if timer.Stop() { // else it is about to resume j anyway
				delete(q.waiting, j)
				q.start(j)
			}
		}
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

// next takes the oldest ready job. If there is none, the calling worker counts as gone.
func (q *Queue) next() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ready) == 0 {
		q.workers--
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

// fail plans the next attempt, or gives the job up.
func (q *Queue) fail(j *job, err error) {
	j.failed++
	pause := pauseAfter(j.failed)
	q.mu.Lock()
	again := !q.closing && j.failed < q.o.Attempts
	if again {
		q.waiting[j] = time.AfterFunc(pause, func() { q.resume(j) })
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

// resume ends a job's pause.
func (q *Queue) resume(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.waiting, j)
	q.start(j)
}

// drop forgets a job that has ended. q.mu is held.
func (q *Queue) drop() {
	q.held--
	if q.closing && q.held == 0 { // once, since no job is taken from here on
		close(q.drained)
	}
}

// refuses tells that Close has done its work or has run out of time. q.mu is held.
func (q *Queue) refuses() bool { return q.closing && q.held == 0 || q.ctx.Err() != nil }
