package queue

import (
	"container/heap"
	"time"
)

const longestPause = 5 * time.Minute

// pauseAfter is the pause after the n-th failed attempt: 1 s, 4 s, 16 s and so
// on, at most 5 minutes, and up to a quarter more at random, so that jobs that
// failed together do not come back together.
func (q *Queue) pauseAfter(n int) time.Duration {
	pause := min(time.Second<<min(2*(n-1), 10), longestPause)
	return pause + q.o.Random(pause/4)
}

// waiting holds jobs that are not due yet, in the order of container/heap, and
// the one timer that starts them.
type waiting struct {
	jobs  []*job
	timer *time.Timer
}

// wait starts a job after the pause, at once if there is none or the queue is
// closing. q.mu is held.
func (q *Queue) wait(j *job, pause time.Duration) {
	if pause <= 0 || q.closing {
		q.start(j)
		return
	}
	j.due = time.Now().Add(pause)
	heap.Push(&q.waiting, j)
	if q.waiting.jobs[0] == j {
		q.setTimer(pause)
	}
}

// setTimer lets startDue run after the pause and not before. q.mu is held.
func (q *Queue) setTimer(pause time.Duration) {
	if q.waiting.timer == nil {
		q.waiting.timer = time.AfterFunc(pause, q.startDue)
	} else {
		q.waiting.timer.Reset(pause)
	}
}

// startDue starts the jobs that are due.
func (q *Queue) startDue() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting.jobs) > 0 {
		if pause := time.Until(q.waiting.jobs[0].due); pause > 0 {
			q.setTimer(pause)
			return
		}
		q.start(heap.Pop(&q.waiting).(*job))
	}
}

// startAll starts all jobs that wait, the earliest first. q.mu is held.
func (q *Queue) startAll() {
	for len(q.waiting.jobs) > 0 {
		q.start(heap.Pop(&q.waiting).(*job))
	}
	if q.waiting.timer != nil {
		q.waiting.timer.Stop()
	}
}

func (w *waiting) Len() int           { return len(w.jobs) }
func (w *waiting) Less(i, j int) bool { return w.jobs[i].due.Before(w.jobs[j].due) }
func (w *waiting) Swap(i, j int)      { w.jobs[i], w.jobs[j] = w.jobs[j], w.jobs[i] }
func (w *waiting) Push(j any)         { w.jobs = append(w.jobs, j.(*job)) }

func (w *waiting) Pop() any {
	last := len(w.jobs) - 1
	j := w.jobs[last]
	w.jobs[last] = nil // the array behind the slice must not keep the job alive
	w.jobs = w.jobs[:last]
	return j
}
