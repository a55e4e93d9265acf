package redisstore

import (
	"time"

	"github.com/redis/rueidis"
)

// uncached is a rueidis.CacheStore that keeps nothing. With it rueidis' DoCache asks Redis every time, and to be told of changes.
type uncached struct{}

func (uncached) Flight(string, string, time.Duration, time.Time) (miss rueidis.RedisMessage, flight rueidis.CacheEntry) {
	return miss, nil
}
func (uncached) Update(string, string, rueidis.RedisMessage) (expires int64) { return 0 }
func (uncached) Cancel(string, string, error)                                {}
func (uncached) Delete([]rueidis.RedisMessage)                               {}
func (uncached) Close(error)                                                 {}
