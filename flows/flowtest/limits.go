package flowtest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// tries is how many requests within a moment must meet a limit.
const tries = 1000

// longest is how long a limit may keep a network out.
const longest = 24 * time.Hour

// requestsLimited is about the limit of Ask.
func requestsLimited(a *app) error {
	n := 0
	return a.limited(func(from sent) (*core.Response, error) {
		n++
		from.Request = a.Ask(fmt.Sprintf("somebody.%d@example.org", n))
		return a.send(from)
	}, succeeded)
}

// guessesLimited is about the limit of Use.
func guessesLimited(a *app) error {
	u, value, err := a.granted()
	if err != nil {
		return err
	}
	began := time.Now()
	err = a.limited(func(from sent) (*core.Response, error) {
		s, err := a.by(u, a.Use(a.Guess(value)))
		if err != nil {
			return nil, err
		}
		s.from = from.from
		return a.send(s)
	}, refused)
	if err != nil || a.Lifetime > 0 && time.Since(began) >= a.Lifetime {
		return err // the value has expired meanwhile
	}
	return a.wantUsed("the value itself, after guesses", u, value)
}

// limited sends requests from one network until the limit, which must exist. as
// is what answers are before it.
func (a *app) limited(send func(from sent) (*core.Response, error), as func(*core.Response) bool) error {
	from := sent{from: a.network()}
	var beyond *core.Response
	for i := range tries {
		resp, err := send(from)
		if err != nil {
			return err
		}
		if resp.Status == http.StatusTooManyRequests {
			beyond = resp
			break
		}
		if !as(resp) {
			return fmt.Errorf("request %d is answered with %s", i+1, brief(resp))
		}
	}
	if beyond == nil {
		return fmt.Errorf("%d requests of one network within a moment meet no limit", tries)
	}
	seconds, err := strconv.Atoi(beyond.Header.Get("Retry-After"))
	wait := time.Duration(seconds) * time.Second
	if err != nil || wait <= 0 || wait > longest {
		return fmt.Errorf("Retry-After of the 429 is %q, want seconds, at most a day", beyond.Header.Get("Retry-After"))
	}
	other, err := send(sent{from: a.network()})
	if err != nil {
		return err
	}
	if !as(other) {
		return fmt.Errorf("another network is answered with %s meanwhile", brief(other))
	}
	time.Sleep(wait)
	again, err := send(from)
	if err != nil {
		return err
	}
	if !as(again) {
		return fmt.Errorf("after the %v of Retry-After the answer is %s", wait, brief(again))
	}
	return nil
}
